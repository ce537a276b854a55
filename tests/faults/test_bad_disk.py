"""EIO, EROFS and EMFILE on a share of calls: the service lives, says so, loses nothing and doubles nothing."""

from pathlib import Path

import pytest

from tests.faults.bad_disk import survived


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_disk_that_fails_at_random_costs_nothing_but_time(tmp_path: Path) -> None:
    found = await survived(tmp_path, seconds=8, seed=5, ratio=0.04)
    assert sum(found.struck.values()) > 10
    assert found.exit_code == 0
    assert found.degraded_seconds <= 10
    assert found.stored_seconds <= 60
    assert found.well_seconds <= 60
    assert (found.missing, found.doubled, found.shed) == (0, 0, 0)
    assert (found.untold, found.told_twice) == (0, 0)
    assert found.series_difference == 0
