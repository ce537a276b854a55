"""Two alert parts, one lease: blows at random moments lose no page, double none, and are over within ten seconds."""

from pathlib import Path

import pytest

from tests.contract.mosquitto import Mosquitto
from tests.several.telling import frozen, killed, tell


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_a_killed_holder_is_followed_within_ten_seconds_and_no_page_is_lost_or_doubled(
    mosquitto: Mosquitto, database: str, tmp_path: Path
) -> None:
    drill = await tell(tmp_path / "drill", database, mosquitto.port, blows=3, blow=killed)
    assert (drill.unjudged, drill.lost, drill.doubled, drill.unmarked) == (0, 0, 0, 0), drill
    assert drill.repeats <= drill.blows, drill
    assert drill.longest_gap_seconds <= 10, drill


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_a_holder_that_was_frozen_and_wakes_sends_nothing_twice(
    mosquitto: Mosquitto, database: str, tmp_path: Path
) -> None:
    drill = await tell(tmp_path / "drill", database, mosquitto.port, blows=2, blow=frozen)
    assert (drill.unjudged, drill.lost, drill.doubled, drill.unmarked, drill.repeats) == (0, 0, 0, 0, 0), drill
    assert drill.longest_gap_seconds <= 10, drill
