"""Building, playing and judging a story; and many stories side by side, each in a process of its own."""

import asyncio
import json
import os
import selectors
import signal
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.probes.rounds import Round
from monitor.domain.measurements import Access, Vantage, measurement_json
from monitor.domain.targets import Target
from tests.lab.boxes import Forger, Middlebox
from tests.lab.interference import Boxes
from tests.lab.judging import Judged, Judging, missed
from tests.lab.namespaces import die_with_parent, hurry
from tests.lab.proxying import SocksServer, beside
from tests.lab.servers import Servers
from tests.lab.story import Act, Expected, Operator, Story
from tests.lab.together import Together, outside_target, untold
from tests.lab.vantage import VantageProcess
from tests.lab.watch import Passage, Watch
from tests.lab.world import OPERATOR_RESOLVER, PUBLIC_RESOLVERS, World, built, enforce, fired, host_addresses, tasks_of

BEGINS = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
MINUTES_BETWEEN_ROUNDS = 2
LONGEST_SECONDS = 60.0
PLACES = 12
MOST_LAG_SECONDS = 0.2
_BEAT_SECONDS = 0.02
_PRIORITY = 8
Record = dict[str, Any]


@dataclass(slots=True)
class Played:
    """What came of one act."""

    act: Act
    found: list[Judged] = field(default_factory=list)
    fetched: list[Record] = field(default_factory=list)
    packets: list[Passage] = field(default_factory=list)
    fired: dict[str, int] = field(default_factory=dict)


class Lag:
    """The longest that this process was kept from what it had to do in time. `excused` leaves out the next beat."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.excused = False

    def beat(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        """Note how late this beat is, and plan the next."""
        now = loop.time()
        self.seconds = self.seconds if self.excused else max(self.seconds, now - due)
        self.excused = False
        loop.call_at(now + _BEAT_SECONDS, self.beat, loop, now + _BEAT_SECONDS)


class Stage:
    """One story, built. Its vantages are processes, so it is made before the event loop runs."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.world: World = built(story)
        self._boxes = Boxes()
        self._judging = Judging(story)
        self.together = Together(self.world, BEGINS) if story.told is not None else None
        self.lag = Lag()
        self._inside = {operator.name: self._agent(operator) for operator in story.operators}
        self._outside = {name: self._outsider(name) for name in self.world.outside}
        hurry(_PRIORITY)  # before the vantages: a server that is late would be taken for a censor

    def _agent(self, operator: Operator) -> VantageProcess:
        resolver = PUBLIC_RESOLVERS[1] if self.story.public_resolver else OPERATOR_RESOLVER
        vantage = Vantage(
            id=f"agent-{operator.name}",
            asn=operator.asn,
            operator=operator.operator,
            region=operator.region,
            access=operator.access,
        )
        return VantageProcess(vantage, self.world.probes[operator.name], resolver, self.story.timeouts_seconds)

    def _outsider(self, name: str) -> VantageProcess:
        vantage = Vantage(id=name, access=Access.OUTSIDE)
        return VantageProcess(vantage, self.world.outside[name], PUBLIC_RESOLVERS[1], self.story.timeouts_seconds)

    async def play(self) -> list[Played]:
        """Play all acts.

        Raises:
            LabError: the laboratory itself failed.
        """
        loop = asyncio.get_running_loop()
        self.lag.beat(loop, loop.time())
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(Servers(self.world, lambda: self._boxes))
            await stack.enter_async_context(Middlebox(self.world, lambda: self._boxes))
            await stack.enter_async_context(Forger(self.world, lambda: self._boxes))
            if self.story.proxy == "up":
                await stack.enter_async_context(SocksServer(self.world))
            watch = await stack.enter_async_context(Watch(self.world.censor))
            for process in (*self._inside.values(), *self._outside.values()):
                await process.open()
                stack.callback(process.close)
            for name in self.story.blind:
                self.world.outside[name].ip("link set line down")
            return [await self._play_act(number, watch) for number in range(len(self.story.acts))]

    async def _play_act(self, number: int, watch: Watch) -> Played:
        act = self.story.acts[number]
        following = self.story.acts[number + 1 :]
        enforce(self.world, act.happens)
        self._boxes = tasks_of(act.happens)
        played = Played(act)
        for round_ in range(act.rounds):
            await self._play_round(act.minute + round_ * MINUTES_BETWEEN_ROUNDS, played)
        if self.together is not None:
            self.lag.excused = True  # the detectors think, and nobody measures meanwhile
            self.together.until(following[0].minute if following else self.story.ends_minute)
        played.packets = watch.taken()
        played.fired = fired(self.world)
        return played

    async def _play_round(self, minute: int, played: Played) -> None:
        at = BEGINS + timedelta(minutes=minute)
        if self.story.proxy is not None:
            for process in self._inside.values():
                played.fetched += await process.fetch(self.story.targets)
            return
        inside, outside = await self._measured(at)
        found = self._judging.judged(minute, inside, outside["control"])
        played.found += found
        if self.together is not None:
            self.together.hear(at, found, outside)

    async def _measured(self, at: datetime) -> tuple[dict[str, Round], dict[str, Round]]:
        """Have all vantages measure at once."""
        targets = [
            Target(id=f"target-{number}-{sample}", url=url)
            for number, url in enumerate(self.story.targets, 1)
            for sample in range(1, self.story.samples + 1)
        ]
        hosts = [
            Target(id=outside_target(address), url=f"tcp://{address}:443")
            for operator in self.story.operators
            for address in host_addresses(self.story, operator.name)
        ]
        async with asyncio.TaskGroup() as group:
            inside = {name: group.create_task(one.measure(targets, at)) for name, one in self._inside.items()}
            outside = {
                name: group.create_task(one.measure(hosts + (targets if name == "control" else []), at))
                for name, one in self._outside.items()
            }
        return {name: task.result() for name, task in inside.items()}, {
            name: task.result() for name, task in outside.items()
        }


# Records --------------------------------------------------------------------------------------------------------------


def record_of(stage: Stage, acts: list[Played], took_seconds: float) -> Record:
    """What came of a story, as it is written and compared."""
    story, together = stage.story, stage.together
    wrong = [sentence for played in acts for sentence in missed(played.act, story.operators, played.found)]
    if story.proxy is not None:
        wrong += [line for played in acts for line in beside(story, played.fetched, map(asdict, played.packets))]
    if together is not None:
        wrong += untold(story, together)
    return {
        "story": story.id,
        "kind": story.kind,
        "says": story.says,
        "right": not wrong,
        "missed": wrong,
        "took_seconds": round(took_seconds, 2),
        "lag_seconds": round(stage.lag.seconds, 3),
        "acts": [_act_record(played) for played in acts],
        "expected": [asdict(told) for told in story.told or ()],
        "told": [together.line(outage) for outage in together.outages()] if together else [],
        "openings": together.openings().words if together and len(together.outages()) > 1 else None,
    }


def _act_record(played: Played) -> Record:
    return {
        "minute": played.act.minute,
        "says": played.act.says,
        "expected": [_expected_record(expected) for expected in played.act.expects],
        "verdicts": [_judged_record(one) for one in played.found],
        "fetched": played.fetched,
        "censor": played.fired,
        "packets": [_rounded(asdict(packet)) for packet in played.packets],
    }


def _expected_record(expected: Expected) -> Record:
    return {name: value for name, value in asdict(expected).items() if value}


def _rounded(record: Record) -> Record:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in record.items()}


def _judged_record(one: Judged) -> Record:
    verdict = one.verdict
    return {
        "minute": one.minute,
        "operator": one.operator,
        "target": one.target,
        "link": one.measurement.link.value,
        "state": verdict.state.value,
        "mechanism": verdict.mechanism,
        "confidence": verdict.confidence,
        "rule": verdict.rule,
        "because": list(verdict.because),
        "also": list(verdict.also),
        "measurement": json.loads(measurement_json(one.measurement)),
    }


# Many stories ---------------------------------------------------------------------------------------------------------


def play(story: Story) -> Record:
    """Play one story in this process and return its record; a failure of the laboratory is in its `error`."""
    began = time.monotonic()
    try:
        stage = Stage(story)
        acts = asyncio.run(stage.play())
    except Exception:  # noqa: BLE001 - the parent tells of whatever it was
        return {"story": story.id, "kind": story.kind, "says": story.says, "right": False,
                "missed": [], "error": traceback.format_exc()}  # fmt: skip
    return record_of(stage, acts, time.monotonic() - began)


def play_all(stories: Iterable[Story], places: int = PLACES) -> Iterator[Record]:
    """Play stories side by side, each in a child process; records come as stories end.

    Where a story goes wrong while the machine was too busy to keep the laboratory's own time, it is played once more,
    with nothing beside it: a censor who is too slow, or a server, is no finding about Dabyl.
    """
    again: list[Story] = []
    for child, record in _side_by_side(sorted(stories, key=lambda story: -_size(story)), places):
        if not record["right"] and record.get("lag_seconds", 0.0) > MOST_LAG_SECONDS:
            again.append(child.story)
        else:
            yield record
    for story in again:
        yield from (record for _, record in _side_by_side([story], places))


def _size(story: Story) -> int:
    """How many places a story takes: its vantages are processes too."""
    return min(PLACES, max(1, (len(story.operators) + story.outside) // 2, story.samples // 3))


def _side_by_side(stories: list[Story], places: int) -> "Iterator[tuple[_Child, Record]]":
    running: dict[int, _Child] = {}
    with selectors.DefaultSelector() as selector:
        try:
            while stories or running:
                while stories and _fits(stories[0], running.values(), places):
                    child = _Child(stories.pop(0))
                    running[child.read] = child
                    selector.register(child.read, selectors.EVENT_READ)
                for key, _ in selector.select(timeout=1.0):
                    if not running[key.fd].more():
                        selector.unregister(key.fd)
                        child = running.pop(key.fd)
                        yield child, child.ended()
                for child in running.values():
                    child.end_if_late()
        finally:
            for child in running.values():
                child.kill()


def _fits(story: Story, running: "Iterable[_Child]", places: int) -> bool:
    taken = sum(_size(child.story) for child in running)
    return taken == 0 or taken + _size(story) <= places


class _Child:
    """A child process that plays one story and writes its record into a pipe."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self._began = time.monotonic()
        self._said = b""
        self.read, write = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _perform(story, write)
        os.close(write)

    def more(self) -> bool:
        """Take what it wrote; false when it is done."""
        data = os.read(self.read, 1 << 20)
        self._said += data
        return bool(data)

    def end_if_late(self) -> None:
        """Kill it when it takes far too long."""
        if time.monotonic() - self._began > LONGEST_SECONDS:
            self.kill()

    def kill(self) -> None:
        """End it now; its network goes with it."""
        os.kill(self._pid, signal.SIGKILL)

    def ended(self) -> Record:
        """Its record."""
        os.close(self.read)
        os.waitpid(self._pid, 0)
        try:
            record: Record = json.loads(self._said)
        except ValueError:
            story = self.story
            record = {"story": story.id, "kind": story.kind, "says": story.says, "right": False,
                      "missed": [], "error": "the story did not come to its end"}  # fmt: skip
        return record


def _perform(story: Story, write: int) -> None:
    die_with_parent()
    hurry(_PRIORITY)
    try:
        with os.fdopen(write, "wb") as stream:
            stream.write(json.dumps(play(story), ensure_ascii=False).encode())
        os._exit(0)
    except BaseException:  # noqa: BLE001 - a forked child never returns into its parent's code
        traceback.print_exc()
        os._exit(1)
