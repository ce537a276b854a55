"""How a store feels: degraded from its first refusal until it has been calm; and no connection that stopped syncing is kept."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from monitor.domain.changes import Change
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.health import Feeling
from monitor.runtime.clock import SimulatedClock
from monitor.store import lanes
from monitor.store.condition import CALM_SECONDS, Condition
from monitor.store.engines import file_engines
from monitor.store.state import open_state
from tests.store.cast import report


def test_a_store_is_degraded_from_its_first_refusal_until_it_was_calm(clock: SimulatedClock) -> None:
    condition = Condition("part:store", clock)
    assert condition.health().feeling is Feeling.OK
    began = clock.now()
    condition.refused("disk full")
    clock.advance(CALM_SECONDS - 1)
    condition.refused("the disk reports an error")
    clock.advance(CALM_SECONDS - 1)
    ill = condition.health()
    assert (ill.feeling, ill.since) == (Feeling.DEGRADED, began)
    assert "the disk reports an error" in ill.reason
    clock.advance(1)
    well = condition.health()
    assert (well.feeling, well.since) == (Feeling.OK, clock.now())
    assert condition.refusals == 2


async def test_what_the_system_refuses_is_said_like_what_sqlite_refuses(
    tmp_path: Path, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_state(tmp_path / "state.sqlite", clock)

    def broken(_: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("shutil.disk_usage", broken)
    with pytest.raises(StoreUnavailableError, match=r"the disk refuses \(Input/output error\)"):
        await store.apply(Change(reports=(report("1", "слово"),)))
    assert store.condition is not None
    assert store.condition.health().feeling is Feeling.DEGRADED
    await store.close()


async def test_a_connection_that_cannot_go_back_to_syncing_is_not_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = file_engines(tmp_path / "state.sqlite")
    seen: list[Engine] = []
    real = lanes._set_synchronous

    def failing(engine: Engine, mode: str) -> None:
        if mode == "FULL":
            seen.append(engine)
            raise sqlite3.OperationalError("disk I/O error")
        real(engine, mode)

    monkeypatch.setattr(lanes, "_set_synchronous", failing)
    with lanes._relaxed(engines.writing), engines.writing.connect() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 1
    with engines.writing.connect() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
    assert seen
    engines.dispose()
