"""Hours of ordinary work on a faster clock: memory settles, and neither open files nor tasks pile up."""

from pathlib import Path

import pytest

from tests.faults.soak import slope, soaked

MOST_MIB_AN_HOUR = 12.0
"""A few hours after a start caches are still filling; `python -m bench.soak` holds a day to 1 MiB an hour."""


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_hours_of_work_leave_no_files_and_no_tasks_behind(tmp_path: Path) -> None:
    found = await soaked(tmp_path, hours=6, speed=1440)
    assert found.fetched > 50
    assert found.messages > 0
    assert found.files[0] - found.files[1] <= 4
    assert found.tasks[0] - found.tasks[1] <= 4
    assert (abs(found.files_drift), abs(found.tasks_drift)) <= (1, 1)
    assert found.slope_mib_an_hour <= MOST_MIB_AN_HOUR


def test_a_slope_is_what_memory_gains_an_hour() -> None:
    assert slope([(1, 100.0), (2, 102.0), (3, 104.0)]) == pytest.approx(2)
