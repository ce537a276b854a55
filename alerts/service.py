"""The shell that decides: reads the journal, lets rules judge, and stores what changed with the messages it causes.

Everything of one step is one transaction. After a crash it goes on from its checkpoint; ids made from content make a
repeat harmless.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from alerts.evaluate import Evaluator, Turn
from alerts.incidents import Incidents, Step, as_one
from alerts.owed import Ledger, Untold
from monitor.domain.alerts import Alert, Incident, Notification, NotificationState, TimelineEntry
from monitor.domain.changes import Change, Query
from monitor.domain.ids import content_id
from monitor.domain.leases import Fence
from monitor.domain.moments import rfc3339
from monitor.domain.ports import Clock, StateStore
from monitor.domain.rules import Rule
from monitor.domain.signals import Signal

READER: Final = "alerts"
MANY: Final = 100_000
CLAIM_SECONDS: Final = 60.0
LEAST_KEPT: Final = 1000
"""Signals that may be at hand before those that no incident rests on are let go."""
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Outcome:
    """What one step changed, in order.

    Attributes:
        more: more stands in the journal than this step has read.
    """

    turns: list[Turn] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)
    untold: list[Untold] = field(default_factory=list)
    more: bool = False

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.turns)


class AlertService:
    """Judges signals as they come.

    Attributes:
        fence: where several processes could judge, the tenure in which this one may; `None` where it is alone. A change
            of a tenure that is over is refused by the store (`LeaseLostError`); after it, `catch_up` is needed.
    """

    def __init__(
        self, *, state: StateStore, rules: Sequence[Rule], ledger: Ledger, clock: Clock, holder: str | None = None
    ) -> None:
        self._state = state
        self._rules = tuple(rules)
        self._evaluator = Evaluator(rules)
        self._incidents = Incidents()
        self._ledger = ledger
        self._clock = clock
        self._holder = holder
        self.fence: Fence | None = None
        self._checkpoint = 0
        self._signals: dict[str, Signal] = {}
        self._forget_beyond = LEAST_KEPT

    async def catch_up(self) -> None:
        """Take up where the store says that we were, and forget what a step that could not be stored had made of us."""
        now = self._clock.now()
        self._evaluator = Evaluator(self._rules)
        self._checkpoint = await self._state.checkpoint(READER)
        alerts = await self._state.alerts(Query(open_only=True, limit=MANY))
        incidents = await self._state.incidents(Query(open_only=True, limit=MANY))
        since = now - max(self._evaluator.longest_window, timedelta(days=1))
        signals = await self._state.signals(Query(since=since, newest_first=False, limit=MANY))
        held = [name for incident in incidents for name in incident.signals]
        signals = [*signals, *await self._state.signals(Query(ids=tuple(held), limit=MANY))] if held else signals
        # What stands in the journal behind our checkpoint is still to be judged: a rule that knows it already would not.
        waiting = {signal.id for _, signal in await self._state.journal(self._checkpoint, MANY)}
        known = [signal for signal in signals if signal.id not in waiting]
        self._evaluator.restore(alerts, known)
        self._incidents = Incidents(incidents, alerts)
        self._signals = {signal.id: signal for signal in known}
        self._forget()
        self._ledger.restore(
            await self._state.notifications(Query(ids=tuple(i.id for i in incidents), limit=MANY)) if incidents else ()
        )

    def next_due(self) -> datetime | None:
        """When time alone will change something."""
        return self._evaluator.next_due()

    async def step(self, limit: int = 500) -> Outcome:
        """Judge what is new in the journal, and what time has changed."""
        now = self._clock.now()
        outcome = Outcome()
        self._turn(outcome, self._evaluator.tick(now), now)
        rows = await self._state.journal(self._checkpoint, limit)
        outcome.more = len(rows) == limit
        for sequence, signal in rows:
            self._turn(outcome, self._evaluator.add(signal, now), now)
            self._checkpoint = sequence
        self._owe(outcome, now)
        if outcome or rows:
            await self._state.apply(self._change(outcome))
        if len(self._signals) > self._forget_beyond:
            self._forget()
        return outcome

    def _turn(self, outcome: Outcome, turns: Iterable[Turn], now: datetime) -> None:
        for turn in turns:
            steps = self._incidents.take(turn, now)
            holder = self._incidents.incident_of(turn.alert) or next((step.incident.id for step in steps), None)
            self._signals |= {signal.id: signal for signal in turn.signals}
            placed = replace(turn, alert=replace(turn.alert, incident=holder or turn.alert.incident))
            outcome.turns.append(placed)
            outcome.steps += steps

    def _owe(self, outcome: Outcome, now: datetime) -> None:
        """One message a person and incident, whatever number of rules spoke at this moment."""
        for step in as_one(outcome.steps):
            notes, untold = self._ledger.owed(step, self._evidence(step.incident), now)
            outcome.notifications += [self._claimed(note, now) for note in notes]
            outcome.untold += untold

    def _claimed(self, note: Notification, now: datetime) -> Notification:
        """Born claimed by the dispatcher of this process: saves it a transaction before the first try."""
        claimant = self.fence.claimant if self.fence else self._holder
        if claimant is None:
            return note
        until = now + timedelta(seconds=CLAIM_SECONDS)
        return replace(note, state=NotificationState.CLAIMED, claimed_by=claimant, claimed_until=until)

    def _evidence(self, incident: Incident) -> list[Signal]:
        return [self._signals[name] for name in incident.signals if name in self._signals]

    def _change(self, outcome: Outcome) -> Change:
        alerts: dict[str, Alert] = {turn.alert.id: turn.alert for turn in outcome.turns}
        incidents: dict[str, Incident] = {step.incident.id: step.incident for step in outcome.steps}
        timeline = [entry for step in outcome.steps for entry in step.timeline]
        timeline += [_told(note) for note in outcome.notifications]
        return Change(
            alerts=tuple(alerts.values()),
            incidents=tuple(incidents.values()),
            timeline=tuple(timeline),
            notifications=tuple(outcome.notifications),
            checkpoints={READER: self._checkpoint},
            fence=self.fence,
        )

    def _forget(self) -> None:
        """Keep what open incidents rest on; of everything else the store is the memory."""
        held = self._incidents.evidence()
        self._signals = {name: signal for name, signal in self._signals.items() if name in held}
        self._forget_beyond = max(LEAST_KEPT, 2 * len(self._signals))


def _told(note: Notification) -> TimelineEntry:
    words = f"message owed to {note.receiver}: {note.reason.value.replace('_', ' ')}"
    mark = content_id("timeline", note.incident, "notified", note.id, rfc3339(note.created_at) or "")
    return TimelineEntry(
        id=mark, incident=note.incident, at=note.created_at, event="notified", words=words, refers_to=note.id
    )
