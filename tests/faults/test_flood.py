"""More posts than can be read: sources are held back, what was accepted is stored, and a cut of the network is told at once."""

from pathlib import Path

import pytest

from tests.faults.flood import flooded


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_a_flood_of_posts_loses_none_and_delays_no_cut(tmp_path: Path) -> None:
    found = await flooded(tmp_path, seconds=6, posts_per_second=5000, drain_seconds=0)
    # The sources published more than was read: they were held back.
    assert found.accepted < found.offered
    assert found.difference == 0
    assert found.shed == 0
    assert found.alerts == found.cuts >= 4
    assert found.alert_p99_seconds <= 5
    assert found.resident_peak_mib <= 512
