"""Where parcels arrive, whichever way they came: who sent it, is it new, may it be stored; and what is answered.

Promises: nothing of a message is stored that is not signed by an admitted agent, over its own way, within its window
and with a number that was not used; each kind of refusal is told once an hour and agent; a number is called committed
only when the store says so; a parcel that was lost on its way to the store is taken again from its agent's next attempt
(rows are keyed by what they are: stored twice they are stored once). The address of whoever sent something is neither
asked for nor known here.
"""

import logging
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from collectors.agent.discretion import discreet
from collectors.agent.keys import Secret
from collectors.agent.parcels import (
    Answer,
    Head,
    ParcelError,
    Transmission,
    Way,
    pack_answer,
    short_key,
    unpack,
    unpack_content,
)
from collectors.agent.rows import unpack_row
from monitor.domain.agents import REFUSAL_WORDS, Agent, AgentBook, Parcel, Refusal, Standing
from monitor.domain.health import Feeling, Health
from monitor.domain.kinds import EventKind
from monitor.domain.measurements import Measurement
from monitor.domain.ports import Clock
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.reports import Item
from monitor.domain.signals import Signal, signal_id

WINDOW_PAST: Final = timedelta(minutes=15)
"""How long a transmission may be on its way; longer than a broker keeps it for us (see `uplink.EXPIRY_SECONDS`)."""
WINDOW_FUTURE: Final = timedelta(minutes=5)
CARRIED: Final = timedelta(days=90)
"""How long a file may be on its way."""
REMEMBERED: Final = 4096
"""Attempts of one agent that are remembered beside those in the store."""
PATIENCE: Final = timedelta(minutes=10)
"""A parcel that is not stored by then may be lost: its agent's next attempt is handed over again. Each time we wait twice
as long as before, so that a store that is away for hours is not heaped with copies."""
LONGEST_PATIENCE: Final = timedelta(days=1)
FORGOTTEN: Final = timedelta(hours=1)
"""A parcel that neither its agent nor the store speaks of for so long is no longer remembered."""
WRONG_CLOCK_SECONDS: Final = 30.0
SOURCE: Final = "agents"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A parcel that was taken in and waits for the store's word."""

    agent: str
    sequence: int
    attempt: int
    digest: str
    received_at: datetime


@dataclass(slots=True)
class _Awaited:
    """A parcel on its way to the store.

    Attributes:
        handed_at: when its rows were last handed over.
        heard_at: when its agent last sent it.
        patience: how long its rows may take.
    """

    digest: str
    handed_at: datetime
    heard_at: datetime
    patience: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of a message.

    Attributes:
        items: to be stored, in this order.
        pending: what waits for that; `None` where nothing does.
        answer: what can be said at once; `None` where nothing is.
        refusal: why nothing was taken; `None` where all is well.
    """

    items: tuple[Item, ...] = ()
    pending: Pending | None = None
    answer: bytes | None = None
    refusal: Refusal | None = None

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """The rows among the items."""
        return tuple(item.content for item in self.items if isinstance(item.content, Measurement))


class _RefusedError(Exception):
    def __init__(self, why: Refusal, agent: Agent | None = None, answer: bytes | None = None) -> None:
        super().__init__(why.value)
        self.why = why
        self.agent = agent
        self.answer = answer


class AgentDesk:
    """The one place of a process where parcels are judged."""

    def __init__(self, book: AgentBook, secret: Secret, clock: Clock) -> None:
        self._book = book
        self._secret = secret
        self._clock = clock
        self._attempts: dict[str, OrderedDict[int, None]] = {}
        self._awaited: OrderedDict[tuple[str, int], _Awaited] = OrderedDict()
        self._told: dict[tuple[str, EventKind, str], datetime] = {}
        self._feelings: dict[str, Health] = {}

    async def take(self, data: bytes, *, over: str | None, way: Way = "wire", repeated: bool = False) -> Taken:
        """Judge a message.

        Args:
            data: the message.
            over: the agent whose way it came by (its topic); `None` where the way names nobody.
            way: the sort of way it came by.
            repeated: the broker gave it to us before, and we had not acknowledged it.

        Raises:
            StoreUnavailableError: it could not be judged; nothing was taken, the same message may be given again.
        """
        try:
            return await self._judged(data, over, way, repeated=repeated)
        except _RefusedError as refused:
            name = refused.agent.id if refused.agent else "unknown"
            region = (refused.agent.vantage.region if refused.agent else None) or WHOLE_COUNTRY
            words = f"A message in an agent's name {REFUSAL_WORDS[refused.why]}"
            items = self._once(EventKind.SYSTEM_AGENT_REFUSED, name, refused.why.value, region, words, hours=1)
            if items:
                log.warning("agent %s: a message was refused: it %s", name, REFUSAL_WORDS[refused.why])
            return Taken(items=items, answer=refused.answer, refusal=refused.why)

    async def _judged(self, data: bytes, over: str | None, way: Way, *, repeated: bool) -> Taken:
        now = self._clock.now()
        self._forget(now)
        try:
            sent = unpack(data)
        except ParcelError:
            raise _RefusedError(Refusal.MALFORMED) from None
        agent, standing = await self._sender(sent, over, way)
        head = sent.head
        fresh = head.way == "file" or await self._is_fresh(agent, head, repeated=repeated)
        self._check_window(agent, head, now)
        pending = Pending(
            agent=agent.id, sequence=head.sequence, attempt=head.attempt, digest=sent.digest, received_at=now
        )
        stored = (await self._book.parcels(agent.id, [head.sequence])).get(head.sequence)
        waits = self._awaited.get((agent.id, head.sequence))
        known = stored or (waits.digest if waits else None)
        if known is not None and known != sent.digest:
            raise _RefusedError(Refusal.SEQUENCE_BACK, agent)
        if known is None and head.sequence <= standing.floor and fresh and head.attempt > standing.floor_attempt:
            raise _RefusedError(Refusal.SEQUENCE_BACK, agent)
        if stored is not None or (known is None and head.sequence <= standing.floor):
            self._awaited.pop((agent.id, head.sequence), None)
            return Taken(answer=self._answer(pending, committed=(head.sequence,)))
        if waits is not None and now - waits.handed_at <= waits.patience:
            waits.heard_at = now
            self._awaited.move_to_end((agent.id, head.sequence))
            return Taken(pending=pending)
        return self._opened(agent, standing, sent, pending)

    async def _sender(self, sent: Transmission, over: str | None, way: Way) -> tuple[Agent, Standing]:
        """The agent that sent it, if it did and may."""
        head = sent.head
        known = await self._book.agent(head.agent)
        if over is not None and over != head.agent:
            raise _RefusedError(Refusal.OTHER_TOPIC)
        if known is None:
            raise _RefusedError(Refusal.UNKNOWN_AGENT)
        agent, standing = known
        if not sent.is_by(agent.key):
            raise _RefusedError(Refusal.BAD_SIGNATURE, agent)
        if agent.revoked_at is not None:
            raise _RefusedError(Refusal.REVOKED, agent)
        if head.core != short_key(self._secret.public):
            raise _RefusedError(Refusal.OTHER_CORE, agent)
        if head.way != way:
            raise _RefusedError(Refusal.REPLAY, agent)
        return agent, standing

    async def _is_fresh(self, agent: Agent, head: Head, *, repeated: bool) -> bool:
        """Whether this attempt was never seen; one that was is a replay, unless the broker owns up to repeating it."""
        seen = self._attempts.setdefault(agent.id, OrderedDict())
        known = head.attempt in seen or await self._book.attempt_seen(agent.id, head.attempt)
        seen[head.attempt] = None
        while len(seen) > REMEMBERED:
            seen.popitem(last=False)
        if known and not repeated:
            raise _RefusedError(Refusal.REPLAY, agent)
        return not known

    def _check_window(self, agent: Agent, head: Head, now: datetime) -> None:
        past = CARRIED if head.way == "file" else WINDOW_PAST
        if now - past <= head.sent_at <= now + WINDOW_FUTURE:
            return
        late = Answer(
            agent=agent.id, refused={}, attempt=head.attempt, received_at=now, sent_at=self._clock.now(), late=True
        )
        raise _RefusedError(Refusal.OUTSIDE_WINDOW, agent, pack_answer(late, self._secret))

    def _opened(self, agent: Agent, standing: Standing, sent: Transmission, pending: Pending) -> Taken:
        """Its rows, and behind them the parcel itself, so that a stored parcel means stored rows."""
        head, now = sent.head, pending.received_at
        rows: list[Measurement] = []
        trusted = True
        bad = 0
        try:
            for line in unpack_content(sent.content, self._secret):
                try:
                    row = unpack_row(line)
                except ValueError as error:
                    bad += 1
                    log.warning("agent %s, parcel %d: a row was left out: %s", agent.id, head.sequence, error)
                    continue
                measured, dated = row.dated(head.run, head.clock_offset_seconds)
                trusted = trusted and dated
                rows.append(discreet(measured, agent.vantage))
        except ParcelError as error:
            answer = self._answer(pending, refused={head.sequence: str(error)})
            raise _RefusedError(Refusal.UNREADABLE, agent, answer) from None
        self._await(pending)
        parcel = Parcel(
            agent=agent.id, sequence=head.sequence, attempt=head.attempt, digest=pending.digest, received_at=now,
            rows=len(rows), refused_rows=bad, standing=_standing(standing, head, now),
        )  # fmt: skip
        # An agent's rows are keyed by its own vantage, never by what it says of itself.
        items = [Item(source=f"agent.{agent.id}", content=measured) for measured in rows]
        items.append(Item(source=SOURCE, content=parcel))
        items += self._feels(agent, head, now, bad, trusted=trusted)
        return Taken(items=tuple(items), pending=pending)

    def _feels(self, agent: Agent, head: Head, now: datetime, bad: int, *, trusted: bool) -> list[Item]:
        offset = head.clock_offset_seconds
        wrong = offset is not None and abs(offset) > WRONG_CLOCK_SECONDS
        feeling, reason = Feeling.OK, "parcels come"
        if wrong:
            feeling, reason = Feeling.LATE, f"its clock is wrong by {-(offset or 0):.0f} seconds; times were mended"
        elif not trusted:
            reason = "parcels come; some times could not be checked against ours"
        if head.waiting > 10:
            reason = f"{reason}; catches up, {head.waiting} parcels wait"
        if head.dropped_rows:
            reason = f"{reason}; {head.dropped_rows} rows did not fit its buffer"
        if bad:
            reason = f"{reason}; {bad} rows of the last parcel made no sense"
        subject = f"agent:{agent.id}"
        before = self._feelings.get(subject)
        since = before.since if before and before.feeling is feeling else now
        health = Health(subject=subject, feeling=feeling, reason=reason, since=since, checked_at=now, last_good_at=now)
        self._feelings[subject] = health
        items = [Item(source=SOURCE, content=health)]
        if wrong:
            region = agent.vantage.region or WHOLE_COUNTRY
            words = "An agent's clock is wrong; the times of what it measured were mended"
            items += self._once(EventKind.SYSTEM_AGENT_CLOCK, agent.id, "clock", region, words, hours=24)
        return items

    def _once(
        self, kind: EventKind, subject: str, what: str, region: str, words: str, *, hours: int
    ) -> tuple[Item, ...]:
        """A signal, unless the same was told within these hours. It names no agent: its words go to people's phones."""
        now = self._clock.now()
        told = self._told.get((subject, kind, what))
        if told is not None and now - told < timedelta(hours=hours):
            return ()
        self._told[subject, kind, what] = now
        evidence = f"{SOURCE}:{subject}:{what}@{now.isoformat(timespec='seconds')}"
        signal = Signal(
            id=signal_id(evidence, kind, (region,)), kind=kind, regions=(region,), at=now, observed_at=now,
            source=SOURCE, witness=f"self:{SOURCE}", strength=1.0, tier=1, title=words,
        )  # fmt: skip
        return (Item(source=SOURCE, content=signal),)

    def dropped(self, count: int) -> tuple[Item, ...]:
        """The broker says that it threw so many messages away."""
        words = f"The broker threw {count} messages away; agents send again what was not confirmed"
        return self._once(EventKind.SYSTEM_MESSAGES_DROPPED, "broker", "dropped", WHOLE_COUNTRY, words, hours=1)

    def _await(self, pending: Pending) -> None:
        """Its rows are handed over now."""
        key, now = (pending.agent, pending.sequence), pending.received_at
        before = self._awaited.get(key)
        patience = min(2 * before.patience, LONGEST_PATIENCE) if before else PATIENCE
        self._awaited[key] = _Awaited(pending.digest, now, now, patience)
        self._awaited.move_to_end(key)

    def _forget(self, now: datetime) -> None:
        """What nobody speaks of any more; the longest unheard stands first."""
        while self._awaited:
            key, oldest = next(iter(self._awaited.items()))
            if now - oldest.heard_at <= FORGOTTEN:
                return
            del self._awaited[key]

    @contextmanager
    def handing_over(self, pending: Pending | None) -> Iterator[None]:
        """The block hands its items on; a parcel whose items were not all handed on is taken again at the next attempt."""
        try:
            yield
        except BaseException:
            if pending is not None:
                self._awaited.pop((pending.agent, pending.sequence), None)
            raise

    def waits(self, pending: Pending) -> bool:
        """Whether the store's word is still to be waited for; if not, let the message go: its agent sends it again."""
        return self._clock.now() - pending.received_at <= PATIENCE

    async def committed(self, waiting: Sequence[Pending]) -> dict[Pending, bytes]:
        """Of these, the ones that are committed by now, each with the answer that says so."""
        by_agent: dict[str, list[Pending]] = {}
        for pending in waiting:
            by_agent.setdefault(pending.agent, []).append(pending)
        answers: dict[Pending, bytes] = {}
        for agent, pendings in by_agent.items():
            stored = await self._book.parcels(agent, [pending.sequence for pending in pendings])
            for pending in pendings:
                if stored.get(pending.sequence) == pending.digest:
                    answers[pending] = self._answer(pending, committed=(pending.sequence,))
                    self._awaited.pop((agent, pending.sequence), None)
        return answers

    def _answer(
        self, pending: Pending, *, committed: tuple[int, ...] = (), refused: dict[int, str] | None = None
    ) -> bytes:
        answer = Answer(
            agent=pending.agent, committed=committed, refused=refused or {}, attempt=pending.attempt,
            received_at=pending.received_at, sent_at=self._clock.now(),
        )  # fmt: skip
        return pack_answer(answer, self._secret)


def _standing(before: Standing, head: Head, now: datetime) -> Standing:
    """How far we are once this parcel is stored."""
    if head.way == "file":
        return replace(before, last_heard_at=now)
    return Standing(
        floor=max(before.floor, head.oldest - 1), floor_attempt=max(before.floor_attempt, head.attempt),
        last_heard_at=now, clock_offset_seconds=head.clock_offset_seconds, waiting_parcels=head.waiting,
        dropped_rows=head.dropped_rows,
    )  # fmt: skip
