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

from monitor.domain.measurements import Access, Vantage, measurement_json
from monitor.domain.targets import Target
from tests.lab.boxes import Forger, Middlebox
from tests.lab.interference import Boxes
from tests.lab.judging import Judged, judged, missed
from tests.lab.namespaces import die_with_parent
from tests.lab.servers import Servers
from tests.lab.story import Act, Expected, Story
from tests.lab.vantage import Round, VantageProcess
from tests.lab.watch import Passage, Watch
from tests.lab.world import OPERATOR_RESOLVER, PUBLIC_RESOLVERS, World, built, enforce, fired, tasks_of

BEGINS = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
MINUTES_BETWEEN_ROUNDS = 2
LONGEST_SECONDS = 60.0
MOST_AT_ONCE = 6
Record = dict[str, Any]


@dataclass(slots=True)
class Played:
    """What came of one act."""

    act: Act
    found: list[Judged] = field(default_factory=list)
    packets: list[Passage] = field(default_factory=list)
    fired: dict[str, int] = field(default_factory=dict)


class Stage:
    """One story, built. Its vantages are processes, so it is made before the event loop runs."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.world: World = built(story)
        self._boxes = Boxes()
        self._vantages = {operator.name: self._vantage(operator.name) for operator in story.operators}
        outside = Vantage(id="control", access=Access.OUTSIDE)
        self._control = VantageProcess(outside, self.world.control, PUBLIC_RESOLVERS[1], story.timeouts_seconds)

    def _vantage(self, name: str) -> VantageProcess:
        operator = next(operator for operator in self.story.operators if operator.name == name)
        resolver = PUBLIC_RESOLVERS[1] if self.story.public_resolver else OPERATOR_RESOLVER
        vantage = Vantage(
            id=f"probe-{name}", asn=operator.asn, operator=name, region=operator.region, access=operator.access
        )
        return VantageProcess(vantage, self.world.probes[name], resolver, self.story.timeouts_seconds)

    async def play(self) -> list[Played]:
        """Play all acts.

        Raises:
            LabError: the laboratory itself failed.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(Servers(self.world, lambda: self._boxes))
            await stack.enter_async_context(Middlebox(self.world, lambda: self._boxes))
            await stack.enter_async_context(Forger(self.world, lambda: self._boxes))
            watch = await stack.enter_async_context(Watch(self.world.censor))
            for process in (*self._vantages.values(), self._control):
                await process.open()
                stack.callback(process.close)
            if self.story.control == "cut off":
                self.world.control.ip("link set line down")
            return [await self._play_act(act, watch) for act in self.story.acts]

    async def _play_act(self, act: Act, watch: Watch) -> Played:
        enforce(self.world, act.happens)
        self._boxes = tasks_of(act.happens)
        played = Played(act)
        for number in range(act.rounds):
            minute = act.minute + number * MINUTES_BETWEEN_ROUNDS
            seen, control = await self._round(BEGINS + timedelta(minutes=minute))
            played.found += judged(self.world, minute, seen, control)
        played.packets = watch.taken()
        played.fired = fired(self.world)
        return played

    async def _round(self, at: datetime) -> tuple[dict[str, Round], Round]:
        targets = [Target(id=f"target-{number}", url=url) for number, url in enumerate(self.story.targets, 1)]
        async with asyncio.TaskGroup() as group:
            control = group.create_task(self._control.measure(targets, at))
            tasks = {name: group.create_task(process.measure(targets, at)) for name, process in self._vantages.items()}
        return {name: task.result() for name, task in tasks.items()}, control.result()


# Records --------------------------------------------------------------------------------------------------------------


def record_of(story: Story, acts: list[Played], took_seconds: float) -> Record:
    """What came of a story, as it is written and compared."""
    wrong = [sentence for played in acts for sentence in missed(played.act, story.operators, played.found)]
    return {
        "story": story.id,
        "kind": story.kind,
        "says": story.says,
        "right": not wrong,
        "missed": wrong,
        "took_seconds": round(took_seconds, 2),
        "acts": [_act_record(played) for played in acts],
    }


def _act_record(played: Played) -> Record:
    return {
        "minute": played.act.minute,
        "says": played.act.says,
        "expected": [_expected_record(expected) for expected in played.act.expects],
        "verdicts": [_judged_record(one) for one in played.found],
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
        acts = asyncio.run(Stage(story).play())
    except Exception:  # noqa: BLE001 - the parent tells of whatever it was
        return {"story": story.id, "kind": story.kind, "says": story.says, "right": False,
                "missed": [], "error": traceback.format_exc()}  # fmt: skip
    return record_of(story, acts, time.monotonic() - began)


def play_all(stories: Iterable[Story], at_once: int = MOST_AT_ONCE) -> Iterator[Record]:
    """Play stories side by side, each in a child process; records come as stories end."""
    waiting = list(stories)
    running: dict[int, _Child] = {}
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    child = _Child(waiting.pop(0))
                    running[child.read] = child
                    selector.register(child.read, selectors.EVENT_READ)
                for key, _ in selector.select(timeout=1.0):
                    if not running[key.fd].more():
                        selector.unregister(key.fd)
                        yield running.pop(key.fd).ended()
                for child in running.values():
                    child.end_if_late()
        finally:
            for child in running.values():
                child.kill()


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
    try:
        with os.fdopen(write, "wb") as stream:
            stream.write(json.dumps(play(story), ensure_ascii=False).encode())
        os._exit(0)
    except BaseException:  # noqa: BLE001 - a forked child never returns into its parent's code
        traceback.print_exc()
        os._exit(1)
