"""The state store's door (`open_state`): choose the database, look for damage, bring the schema up to date."""

import asyncio
from pathlib import Path
from typing import Final, Literal, overload

from monitor.domain.errors import StoreUnavailableError
from monitor.domain.ports import Clock
from monitor.store.condition import Condition
from monitor.store.damage import damage
from monitor.store.engines import (
    MEMORY,
    Engines,
    create_private,
    file_engines,
    memory_engines,
    reading_engines,
    server_engines,
    sqlite_path,
)
from monitor.store.lanes import Lanes
from monitor.store.migrating import migrate, require_current
from monitor.store.salvage import SalvageReport, salvage
from monitor.store.setting_aside import lost_before, set_aside
from monitor.store.sql_state import SqlStateStore

__all__ = ["RESERVE_BYTES", "SqlStateStore", "open_state"]

RESERVE_BYTES: Final = 16 * 2**20
"""Room kept for alerts and for what became of messages when a disk fills up."""


@overload
async def open_state(
    address: str | Path,
    clock: Clock,
    *,
    read_only: Literal[False] = False,
    reserve_bytes: int = RESERVE_BYTES,
    name: str = "dabyl",
) -> SqlStateStore: ...


@overload
async def open_state(address: str | Path, clock: Clock | None = None, *, read_only: Literal[True]) -> SqlStateStore: ...


async def open_state(
    address: str | Path,
    clock: Clock | None = None,
    *,
    read_only: bool = False,
    reserve_bytes: int = RESERVE_BYTES,
    name: str = "dabyl",
) -> SqlStateStore:
    """Open the state store, making or mending it where needed.

    Args:
        address: path of a SQLite file, `:memory:`, or an address such as `postgresql+psycopg://user@host/database`.
        clock: names the file that is set aside when a damaged one is found; not needed to read.
        read_only: ask only; works beside a running service and without one, and creates no file.
        reserve_bytes: nothing new is taken in while the disk has less room than this; alerts go on.
        name: what the database server calls this process, at most 63 characters; where several parts share a store each
            needs its own.

    Raises:
        StoreUnavailableError: it cannot be opened, was never used (read_only), or was made by another release.
    """
    if read_only:
        return await asyncio.to_thread(_open_to_read, address)
    if clock is None:
        message = "a clock is needed to write"
        raise ValueError(message)
    return await asyncio.to_thread(_open_to_write, address, clock, reserve_bytes, name)


def _open_to_read(address: str | Path) -> SqlStateStore:
    path = sqlite_path(address)
    if path is None:
        engines = server_engines(str(address), read_only=True)
    elif path.is_file():
        engines = reading_engines(path)
    else:
        message = f"{path}: there is no data here yet: start the service once (dabyl run)"
        raise StoreUnavailableError(message)
    _or_dispose(engines, read_only=True)
    return SqlStateStore(Lanes(engines, read_only=True))


def _open_to_write(address: str | Path, clock: Clock, reserve_bytes: int, name: str) -> SqlStateStore:
    path = sqlite_path(address)
    report = None
    if path is None:
        engines = server_engines(str(address), read_only=False, name=name)
    elif str(path) == MEMORY:
        engines = memory_engines()
    else:
        report = _mend(path, clock)
        engines = file_engines(path)
    _or_dispose(engines, read_only=False)
    condition = Condition("part:store", clock)
    return SqlStateStore(Lanes(engines, reserve_bytes=reserve_bytes, condition=condition), report, condition)


def _or_dispose(engines: Engines, *, read_only: bool) -> None:
    try:
        if read_only:
            require_current(engines.reading)
        else:
            migrate(engines.writing)
    except StoreUnavailableError as error:
        engines.dispose()
        place = f"{engines.path}: " if engines.path else ""
        raise StoreUnavailableError(f"{place}{error.reason}") from error


def _mend(path: Path, clock: Clock) -> SalvageReport | None:
    """Make sure that a sound file is there; what was saved if the one that was there is not."""
    lost = lost_before(path)
    if lost is None:
        create_private(path)
        lost = damage(path, clock)
        if lost is None:
            return None
    return salvage(path, set_aside(path, clock), lost, clock)
