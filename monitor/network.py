"""The watch over the network: what was measured to rounds, rounds to outages, outages to signals.

Reads what vantages measured from its own checkpoint. What it makes of that, what it remembers and how far it has come are
one transaction, so that a restart goes on where it was and says nothing twice. Measurements are judged by windows of two
minutes; one that comes late has its window judged again, with all that was measured in it, and the past is amended.
How sure an outage is, is judged in the step that stores it, with what others have said by then, and again at every look
while it lasts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.detect.control import Controls
from monitor.detect.detector import NetworkDetector
from monitor.detect.history import KEPT, HistoryState
from monitor.detect.hush import listened
from monitor.detect.local_watch import local_told
from monitor.detect.presence import Member
from monitor.detect.signals import outage_id
from monitor.detect.tallying import Known, tallied_window
from monitor.detect.weighing import due_moments
from monitor.domain.areas import Area
from monitor.domain.changes import Change
from monitor.domain.connectivity import Board, Round
from monitor.domain.leases import Fence
from monitor.domain.measurements import Measurement
from monitor.domain.moments import from_unix
from monitor.domain.ports import Clock, StateStore
from monitor.domain.reports import Item
from monitor.domain.signals import Signal
from monitor.network_evidence import EvidenceDesk, Fresh, Surroundings, grown, open_cuts, shown
from monitor.network_memory import PREFIX, Memory, read, written

READER: Final = "network"
BATCH: Final = 5000
WINDOW_SECONDS: Final = 120
GRACE_SECONDS: Final = 45
"""How long a window that is over waits for what is on its way; what comes later is late."""
CONTROLS_BACK: Final = timedelta(hours=2)
FUTURE: Final = timedelta(minutes=10)
"""A measurement that claims to be from later than this is stored and not judged: its clock is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What one look came to."""

    signals: tuple[Signal, ...] = ()
    measurements: int = 0
    rounds: int = 0


@dataclass(slots=True)
class _Ahead:
    """Rounds gone through before they are stored, so that a replay knows which of them speak."""

    memory: Memory
    rounds: list[Round]
    fresh: list[Fresh]


class Watch:
    """The one place that steps the detector; where several processes run, whoever holds the lease.

    Attributes:
        fence: the tenure in which this one may; `None` where it is alone.
    """

    def __init__(
        self, *, state: StateStore, known: Known, detector: NetworkDetector, clock: Clock,
        surroundings: Surroundings | None = None,
    ) -> None:  # fmt: skip
        surroundings = surroundings or Surroundings()
        self._state = state
        self._known = known
        self._detector = detector
        self._clock = clock
        self._desk = EvidenceDesk(state, surroundings)
        self._areas: Sequence[Area] = surroundings.areas
        self._controls = Controls()
        self._memory: Memory | None = None
        self._checkpoint = 0
        self._ahead: _Ahead | None = None
        self.fence: Fence | None = None

    def begin_anew(self, fence: Fence | None = None) -> None:
        """Forget what is in memory: another may have gone on meanwhile, and the store knows."""
        self._memory, self._ahead, self.fence = None, None, fence

    async def catch_up(self) -> Watched:
        """Judge all that was stored since, and all windows that are due.

        Raises:
            StoreUnavailableError: nothing was stored; ask again.
            LeaseLostError: another watches now.
        """
        done = Watched()
        while True:
            memory = await self._remembered()
            rows = await self._state.measured(self._checkpoint, BATCH)
            found = await self._step(memory, rows)
            done = Watched(
                signals=(*done.signals, *found.signals), measurements=done.measurements + found.measurements,
                rounds=done.rounds + found.rounds,
            )  # fmt: skip
            if len(rows) < BATCH:
                return done

    async def start(self) -> None:
        """Take up where the store says that we were."""
        await self._remembered()

    def may_speak(self, item: Item) -> bool:
        """Whether an item will bring a signal: its round is gone through ahead of time, and never again."""
        if not isinstance(item.content, Round) or self._memory is None:
            return False
        ahead = self._ahead = self._ahead or _Ahead(self._memory, [], [])
        now = max(self._clock.now(), item.content.at)
        before = ahead.memory.history
        history, fresh = self._heard(before, (item.content,), now)
        ahead.memory = replace(ahead.memory, history=history)
        ahead.rounds.append(item.content)
        ahead.fresh += fresh
        return bool(fresh) or _is_due(before, self._memory, item.content.at)

    async def _remembered(self) -> Memory:
        if self._memory is None:
            self._checkpoint = await self._state.checkpoint(READER)
            self._memory = read(await self._state.memories(PREFIX))
            now = self._clock.now()
            self._controls = Controls()
            self._learn(await self._state.measured_between(now - CONTROLS_BACK, now))
        return self._memory

    def _learn(self, measurements: Iterable[Measurement]) -> None:
        for one in measurements:
            self._controls.learn(one)

    async def _step(self, memory: Memory, rows: Sequence[tuple[int, Measurement | Round]]) -> Watched:
        now = self._clock.now()
        measurements = [one for _, one in rows if isinstance(one, Measurement)]
        given = [one for _, one in rows if isinstance(one, Round)]
        self._learn(measurements)
        after, made = await self._windows(memory, measurements, now)
        after, silent = _listened(after, measurements, now)
        after, fresh = self._gone_through(after, given, made, now)
        after, members, cuts = await self._around(after, now)
        after, signals = await self._weighed(after, (*fresh, *cuts), members, now)
        if not rows and not made and not silent and not signals and _is_as_it_was(memory, after):
            return Watched()
        signals = (*signals, *silent)
        checkpoint = rows[-1][0] if rows else self._checkpoint
        change = Change(
            signals=signals, checkpoints={READER: checkpoint}, fence=self.fence,
            memories=written(memory, after, self._board(after)),
        )  # fmt: skip
        try:
            await self._state.apply(change)
        except BaseException:
            # What stands in the store is what counts: take it up from there.
            self._memory = self._ahead = None
            raise
        self._memory, self._checkpoint, self._ahead = after, checkpoint, None
        return Watched(signals=signals, measurements=len(measurements), rounds=len(given) + len(made))

    async def _windows(
        self, memory: Memory, measurements: Iterable[Measurement], now: datetime
    ) -> tuple[Memory, list[Round]]:
        """Rounds of the windows that are due; the others wait."""
        told = (one.started_at for one in measurements if now - KEPT <= one.started_at <= now + FUTURE)
        waiting = {*memory.beside.pending, *(_window(at) for at in told)}
        edge = now.timestamp() - WINDOW_SECONDS - GRACE_SECONDS
        due = sorted(start for start in waiting if start <= edge)
        trust, made = memory.beside.trust, []
        for start in due:
            since = from_unix(start)
            inside = await self._state.measured_between(since, since + timedelta(seconds=WINDOW_SECONDS))
            found, after = tallied_window(since, inside, self._known, self._controls, trust)
            made.append(found)
            if start in memory.beside.pending or not memory.history.rounds or since > memory.history.rounds[-1].at:
                trust = after
        left = tuple(sorted(waiting.difference(due)))
        return replace(memory, beside=replace(memory.beside, trust=trust, pending=left)), made

    def _gone_through(
        self, memory: Memory, given: Sequence[Round], made: Sequence[Round], now: datetime
    ) -> tuple[Memory, tuple[Fresh, ...]]:
        ahead = self._ahead
        # Several readers may have stored them in another order than they were looked at.
        if ahead is not None and not made and sorted(given, key=lambda one: one.at) == ahead.rounds:
            return replace(ahead.memory, beside=memory.beside), tuple(ahead.fresh)
        if not given and not made:
            return memory, ()
        history, fresh = self._heard(memory.history, [*given, *made], now)
        return replace(memory, history=history), fresh

    def _heard(
        self, history: HistoryState, rounds: Sequence[Round], now: datetime
    ) -> tuple[HistoryState, tuple[Fresh, ...]]:
        """The state after these rounds, and what is new; how sure it is, is judged where it is stored."""
        history, told = self._detector.told_all(history, rounds, now)
        still_open = tuple(history.now.open.values())
        return history, tuple(Fresh(told=one, at=now, still_open=still_open) for one in told)

    async def _around(self, memory: Memory, now: datetime) -> tuple[Memory, tuple[Member, ...], tuple[Fresh, ...]]:
        """Who is usually heard, and which areas went quiet or speak again."""
        looked = await self._desk.looked(memory.beside.listening, now)
        if looked is None:
            return memory, (), ()
        listening, members = looked
        cuts = open_cuts(memory.beside.weighed)
        told, lasting = local_told(self._areas, members, cuts, now, settled=listening.settled(now))
        still_open = (*memory.history.now.open.values(), *cuts.values())
        over = {one.outage.entity for one in told if one.outage.ended is not None}
        still_open = tuple(outage for outage in still_open if outage.entity not in over)
        fresh = tuple(Fresh(told=one, at=now, still_open=still_open) for one in told)
        beside = replace(memory.beside, listening=listening, weighed=grown(memory.beside.weighed, lasting))
        return replace(memory, beside=beside), members, fresh

    async def _weighed(
        self, memory: Memory, fresh: Sequence[Fresh], members: Sequence[Member], now: datetime
    ) -> tuple[Memory, tuple[Signal, ...]]:
        found, signals = await self._desk.weighed(memory.beside.weighed, memory.history, fresh, members, now)
        return replace(memory, beside=replace(memory.beside, weighed=found)), signals

    def _board(self, memory: Memory) -> Board:
        return replace(self._detector.board(memory.history), outages=shown(memory.beside.weighed))


def _is_due(history: HistoryState, stored: Memory, at: datetime) -> bool:
    """Whether by this round time alone may have changed the judgement on an outage that lasts."""
    last = history.rounds[-1].at if history.rounds else at
    return any(
        last < moment <= at
        for outage in history.now.open.values()
        for moment in due_moments(outage, stored.beside.weighed.get(outage_id(outage)))
    )


def _listened(memory: Memory, measurements: Sequence[Measurement], now: datetime) -> tuple[Memory, tuple[Signal, ...]]:
    """Who was heard, and who fell silent; nobody is missed where nobody ever spoke."""
    if not measurements and not memory.beside.hush.states:
        return memory, ()
    hush, silent = listened(memory.beside.hush, measurements, now)
    return replace(memory, beside=replace(memory.beside, hush=hush)), silent


def _is_as_it_was(memory: Memory, after: Memory) -> bool:
    """Whether there is nothing to store that would not come to the same again."""
    old, new = memory.beside, after.beside
    return old.hush.hour == new.hush.hour and old.weighed is new.weighed and old.listening is new.listening


def _window(at: datetime) -> int:
    return int(at.timestamp()) // WINDOW_SECONDS * WINDOW_SECONDS
