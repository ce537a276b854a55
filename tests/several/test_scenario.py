"""January 2022 in one process and in several: the same incidents, the same messages, to the byte."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.app import make_replay, parts
from monitor.bus.mqtt_connection import Broker
from monitor.bus.spool import Spool
from monitor.bus.topics import Topics
from monitor.bus.uplink import Uplink
from monitor.configuration import Configuration, load_configuration
from monitor.detect.signals import SOURCE
from monitor.domain.changes import Change, Query
from monitor.domain.ports import StateStore
from monitor.pipeline import Outcome
from monitor.replay import Recorder, Replay
from monitor.replay_inputs import read_inputs
from monitor.runtime.clock import SimulatedClock, SystemClock
from monitor.store.state import open_state
from tests.contract.mosquitto import Mosquitto
from tests.several.processes import Several

ROOT = Path(__file__).resolve().parents[2]
STORY = ROOT / "config" / "scenarios" / "january-2022.yaml"

ANY = {
    "feeds": {"url": "https://example.org/"}, "telegram": {"channel": "example"},
    "telegram_preview": {"channel": "example"},
}  # fmt: skip
"""What sources of each kind need to be valid; nobody is asked."""


@dataclass
class Remote:
    """Stands where the pipeline stands in a replay: hands items to the readers and waits for their receipts."""

    near: Any
    uplink: Uplink
    state: StateStore
    seen: int = 0

    def may_speak(self, item: Any) -> bool:
        found: bool = self.near.may_speak(item)
        return found

    async def process(self, items: Sequence[Any]) -> Outcome:
        for item in items:
            await self.uplink.put(item)
        await self.uplink.idle()
        rows = await self.state.journal(self.seen, 10_000)
        self.seen = rows[-1][0] if rows else self.seen
        # What the watch over the network found is its own to tell.
        return Outcome(signals=tuple(signal for _, signal in rows if signal.source != SOURCE))


async def remembered(state: StateStore) -> list[bytes]:
    """Everything that people would see of incidents, alerts, time lines and messages."""
    everything = Query(limit=100_000, newest_first=False)
    incidents = await state.incidents(everything)
    rows: list[Any] = [*incidents, *await state.alerts(everything)]
    for incident in incidents:
        rows += await state.timeline(incident.id)
    # Which process handed a message over is not part of the message.
    notes = [replace(note, claimed_by=None, claimed_until=None) for note in await state.notifications(everything)]
    return sorted(repr(row).encode() for row in [*rows, *notes])


async def in_one(configuration: Configuration, folder: Path) -> tuple[list[bytes], list[dict[str, Any]]]:
    recorded = read_inputs([STORY], None)
    replay = await make_replay(configuration, folder, SimulatedClock(recorded.moments[0][0]), recorded.sources)
    records = [record async for record in replay.run(recorded.moments, lambda _: None)]
    found = await remembered(replay.state)
    await replay.state.close()
    return found, records


async def in_several(
    configuration: Configuration, folder: Path, address: str, port: int
) -> tuple[list[bytes], list[dict[str, Any]]]:
    recorded = read_inputs([STORY], None)
    config = folder / "config"
    config.mkdir(parents=True)
    invented = {
        name: source.model_copy(update={"settings": ANY[source.kind]}) for name, source in recorded.sources.items()
    }
    known = [source.model_dump(mode="json") for source in {**configuration.sources, **invented}.values()]
    (config / "sources.yaml").write_text(yaml.safe_dump({"sources": known}, allow_unicode=True))
    clock, system = SimulatedClock(recorded.moments[0][0]), SystemClock()
    broker = Broker(host="127.0.0.1", port=port, identifier="story", tls=False)
    async with AsyncExitStack() as stack:
        state = await open_state(address, clock, name="story")
        stack.push_async_callback(state.close)
        uplink = Uplink(
            broker=broker, topics=Topics("story"), spool=Spool(folder / "spool.sqlite3"), clock=system, sender="collect",
            settle=lambda cursors: state.apply(Change(cursors=cursors)),
        )  # fmt: skip
        stack.push_async_callback(uplink.close)
        several = stack.enter_context(
            Several(folder, address, f"mqtt://127.0.0.1:{port}/story", {"DABYL_CONFIG": str(config)})
        )
        for name in ("read-1", "read-2"):
            several.part("read", name).start()
        recorders = {destination.id: Recorder() for destination in configuration.destinations}
        joined = parts(configuration, state, recorders, clock, sources=recorded.sources, holder="replay")
        replay = Replay(
            state=state, pipeline=Remote(joined.pipeline, uplink, state), alerts=joined.alerts,  # type: ignore[arg-type]
            dispatcher=joined.dispatcher, clock=clock, watch=joined.watch,
        )  # fmt: skip
        records: list[dict[str, Any]] = []
        with suppress(asyncio.CancelledError):
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(uplink.run())
                records += [record async for record in replay.run(recorded.moments, lambda _: None)]
                sending.cancel()
        return await remembered(state), records


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_january_2022_is_the_same_in_one_process_and_in_several(
    mosquitto: Mosquitto, database: str, tmp_path: Path
) -> None:
    configuration = load_configuration(None)
    alone, told_alone = await in_one(configuration, tmp_path / "one")
    several, told_several = await in_several(configuration, tmp_path / "several", database, mosquitto.port)
    assert len(alone) > 100
    assert hashlib.sha256(b"\n".join(alone)).hexdigest() == hashlib.sha256(b"\n".join(several)).hexdigest()
    assert [json.dumps(record) for record in told_alone] == [json.dumps(record) for record in told_several]
