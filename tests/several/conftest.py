"""A broker and a database of our own, joined by the parts that the drills start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.mosquitto import Mosquitto, need_mosquitto
from tests.contract.postgresql import database, server  # noqa: F401 - fixtures


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    need_mosquitto()
    with Mosquitto(tmp_path / "broker") as broker:
        yield broker
