"""Readers that are killed lose no post and double none, against the real broker and the real database."""

from pathlib import Path

import pytest

from tests.contract.mosquitto import Mosquitto
from tests.several.reading import share

COUNT = 9000
"""Posts: enough that a fast machine is still at it when the first reader is killed."""


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("readers", [2, 3])
async def test_killed_readers_lose_no_post_and_double_none(
    readers: int, mosquitto: Mosquitto, database: str, tmp_path: Path
) -> None:
    drill = await share(
        tmp_path / "drill", database, mosquitto.port, count=COUNT, readers=readers, kill_every_seconds=1.2, seed=readers
    )
    assert drill.kills > 0
    assert (drill.stored, drill.lost, drill.doubled, drill.doubled_signals) == (COUNT, 0, 0, 0)
