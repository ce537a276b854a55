"""The shell that tells: claims owed messages, hands them over, tries again, and records every try.

One slow receiver never delays another, nor those who judge: each has its own lane, in order, and while one is busy nothing
more is claimed for it. What a receiver refuses for good, or too often,
is parked for a person. The broad catch here turns a receiver's bug into a failed try.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from monitor.domain.alerts import Attempt, Notification, NotificationState
from monitor.domain.errors import DeliveryError, StoreUnavailableError
from monitor.domain.leases import LeaseLostError
from monitor.domain.ports import Bus, Clock, Receiver, StateStore
from monitor.runtime.lease import Tenure

FIRST_WAIT_SECONDS: Final = 5.0
LONGEST_WAIT_SECONDS: Final = 300.0
MOST_TRIES: Final = 500
"""A receiver that is down for a day is tried again for a day; then its messages wait for a person."""
PERMANENT_TRIES: Final = 3
SEND_SECONDS: Final = 45.0
CLAIM_SECONDS: Final = 120.0
IN_DOUBT_SECONDS: Final = 60.0
"""How long others wait for the word of a living process about a message that it began to hand over."""
CLAIMED_TOGETHER: Final = 200
MARKED_TOGETHER: Final = 20
MARKING_TRIES: Final = 45
LATE: Final = timedelta(minutes=10)
log = logging.getLogger(__name__)


class Dispatcher:
    """Drains what is owed.

    Attributes:
        tenure: where several processes could tell, the time in which this one may; `None` where it is alone. In a tenure
            it is written down before each message that handing it over begins, and a message whose fate is unknown is
            left to the process that began it while that one lives.
    """

    def __init__(
        self, *, state: StateStore, receivers: Mapping[str, Receiver], clock: Clock, holder: str, seed: int = 0
    ) -> None:
        self._state = state
        self._receivers = receivers
        self._clock = clock
        self._holder = holder
        self.tenure: Tenure | None = None
        self._random = random.Random(seed)  # noqa: S311 - jitter, not a secret
        self._group: asyncio.TaskGroup | None = None
        self._busy: dict[str, deque[Notification]] = {}

    async def run(self, bus: Bus) -> None:
        """Start what is owed whenever the bell rings, and every few seconds; what is under way at the end arrives first."""
        async with asyncio.TaskGroup() as group, bus.subscribe("owed") as rings:
            self._group = group
            try:
                while self.tenure is None or self.tenure.lasts():
                    if await self._start_or_wait(group) == CLAIMED_TOGETHER:
                        continue
                    try:
                        async with asyncio.timeout(FIRST_WAIT_SECONDS):
                            await anext(rings)
                    except TimeoutError:
                        continue
            finally:
                self._group = None

    async def _start_or_wait(self, group: asyncio.TaskGroup) -> int:
        try:
            claimed = await self._claimed()
        except LeaseLostError:
            log.info("another process tells from now on")
            return 0
        except StoreUnavailableError as error:
            # Sending that is under way elsewhere in this process must not be cut off by a store that is away.
            log.error("what is owed cannot be read: %s", error.reason)
            return 0
        self._start(group, claimed)
        return len(claimed)

    async def send_now(self, notes: Sequence[Notification]) -> None:
        """Hand over messages that were born claimed by us; while `run` does, this only starts it."""
        mine = [note for note in notes if note.claimed_by == self._claimant]
        if self._group is None:
            await self._side_by_side(mine)
        else:
            self._start(self._group, mine)

    @property
    def _claimant(self) -> str:
        return self._holder if self.tenure is None else self.tenure.fence.claimant

    async def drain_once(self) -> int:
        """Claim and hand over everything that is due now; returns how many were tried."""
        claimed = await self._claimed()
        await self._side_by_side(claimed)
        return len(claimed)

    async def _claimed(self) -> Sequence[Notification]:
        """What is due now, but for receivers that are busy: a claim must not lapse while its message waits in a lane."""
        now = self._clock.now()
        if self.tenure is not None:
            await self._state.free_stale(self.tenure.fence, now)
        until = now + timedelta(seconds=CLAIM_SECONDS)
        return await self._state.claim_due(self._claimant, now, until, CLAIMED_TOGETHER, list(self._busy))

    async def _side_by_side(self, notes: Sequence[Notification]) -> None:
        """Each receiver's messages one after the other, the receivers side by side."""
        lanes = _by_receiver(notes)
        if len(lanes) == 1:
            await self._lane(next(iter(lanes.values())))
            return
        async with asyncio.TaskGroup() as group:
            for lane in lanes.values():
                group.create_task(self._lane(lane))

    def _start(self, group: asyncio.TaskGroup, notes: Sequence[Notification]) -> None:
        for receiver, lane in _by_receiver(notes).items():
            if receiver in self._busy:
                self._busy[receiver].extend(lane)
            else:
                self._busy[receiver] = lane
                group.create_task(self._work(receiver, lane))

    async def _work(self, receiver: str, lane: deque[Notification]) -> None:
        try:
            while lane:
                await self._lane(lane)
        except StoreUnavailableError as error:
            # The claims lapse, and then the messages are taken up again.
            log.error("messages wait for the store: %s", error.reason)
        finally:
            del self._busy[receiver]

    async def _lane(self, notes: deque[Notification]) -> None:
        """In order; what was handed over is marked a handful at a time, so that a sync is not paid for each message.

        A crash in between sends at most that handful again, each with its id.
        """
        done: list[Attempt] = []
        handful = MARKED_TOGETHER if self.tenure is None else 1
        since = self._clock.monotonic()
        try:
            while notes:
                note = notes.popleft()
                if note.claimed_until is not None and self._clock.now() >= note.claimed_until:
                    # It waited here too long: whoever claims it next hands it over.
                    continue
                attempt = await self._send(note)
                if attempt is not None:
                    done.append(attempt)
                # A slow receiver must not leave messages unmarked until their claims lapse.
                if len(done) >= handful or self._clock.monotonic() - since > 1.0:
                    await self._record(partial(self._state.mark_all_sent, done))
                    done, since = [], self._clock.monotonic()
        except LeaseLostError:
            log.info("another process tells the rest")
            notes.clear()
        finally:
            if done:
                await self._record(partial(self._state.mark_all_sent, done))

    async def _record(self, fact: Callable[[], Awaitable[None]]) -> None:
        """Record what became of a message; a store that is away is waited for, because only we know it.

        Raises:
            StoreUnavailableError: it stayed away until our claims were about to lapse.
        """
        for tries in range(MARKING_TRIES):
            try:
                await fact()
            except StoreUnavailableError as error:
                if tries + 1 == MARKING_TRIES:
                    raise
                log.error("what became of a message cannot be recorded: %s", error.reason)
                await self._clock.sleep(1.0)
            else:
                return

    async def _send(self, note: Notification) -> Attempt | None:
        """Hand one message over: the attempt to be marked, or `None` where it failed and that is recorded."""
        receiver = self._receivers.get(note.receiver)
        now = self._clock.now()
        if receiver is None:
            await self._failed(note, DeliveryError("no such receiver in the configuration", permanent=True))
            return None
        if self.tenure is not None and not await self._begun(self.tenure, note, now):
            return None
        try:
            async with asyncio.timeout(SEND_SECONDS):
                receipt = await receiver.send(_marked_again(_marked_late(note, now)))
        except DeliveryError as error:
            await self._failed(note, error)
        except TimeoutError:
            await self._failed(note, DeliveryError(f"no answer within {SEND_SECONDS:g} s"))
        except Exception as error:
            log.exception("a bug in receiver %s", note.receiver)
            await self._failed(note, DeliveryError(f"a bug in the receiver: {type(error).__name__}"))
        else:
            return Attempt(
                notification=note.id,
                receiver=note.receiver,
                at=self._clock.now(),
                succeeded=True,
                reference=receipt.reference,
            )
        return None

    async def _begun(self, tenure: Tenure, note: Notification, now: datetime) -> bool:
        """Write down that it begins now, and look at the lease for the last time; `False` if it is not ours to send."""
        until = now + timedelta(seconds=IN_DOUBT_SECONDS)
        ours = await self._state.begin(note.id, tenure.fence, now, until)
        if ours and not tenure.lasts():
            # Frozen in between: nothing was sent, and whoever holds the lease by now need not wait for our word.
            await self._state.give_back(note.id, tenure.fence.claimant)
        tenure.check()
        return ours

    async def _failed(self, note: Notification, error: DeliveryError) -> None:
        now = self._clock.now()
        tries = note.attempts + 1
        attempt = Attempt(notification=note.id, receiver=note.receiver, at=now, succeeded=False, error=error.reason)
        gives_up = tries >= (PERMANENT_TRIES if error.permanent else MOST_TRIES)
        retry_at = None if gives_up else now + timedelta(seconds=self._wait_seconds(tries, error))
        log.warning("message %s to %s was not taken: %s", note.id, note.receiver, error.reason)
        await self._record(partial(self._state.mark_failed, note.id, attempt, retry_at))

    def _wait_seconds(self, tries: int, error: DeliveryError) -> float:
        doubled = min(FIRST_WAIT_SECONDS * 2.0 ** min(tries - 1, 10), LONGEST_WAIT_SECONDS)
        return max(doubled * (0.8 + 0.2 * self._random.random()), error.retry_after_seconds or 0.0)


def _by_receiver(notes: Sequence[Notification]) -> dict[str, deque[Notification]]:
    """The gravest incident first; within one incident in the order of what happened."""
    worst: dict[str, int] = {}
    for note in notes:
        worst[note.incident] = max(worst.get(note.incident, 0), note.severity)
    lanes: dict[str, deque[Notification]] = {}
    for note in sorted(notes, key=lambda note: (-worst[note.incident], note.incident, note.created_at)):
        lanes.setdefault(note.receiver, deque()).append(note)
    return lanes


def _marked_late(note: Notification, now: datetime) -> Notification:
    """A message that could not go while it was news says so, with the time it speaks of."""
    if now - note.created_at < LATE or note.state is NotificationState.SENT:
        return note
    said = note.created_at.strftime("%Y-%m-%d %H:%M UTC")
    return replace(
        note,
        subject=f"[LATE, of {said}] {note.subject}",
        short=f"[LATE {said[11:16]}] {note.short}"[:160],
        body=f"LATE: this was owed at {said}.\n{note.body}",
    )


def _marked_again(note: Notification) -> Notification:
    """A message that may have arrived before its sender died says so: its id is the same, but not everybody sees ids."""
    if note.begun_at is None:
        return note
    return replace(
        note,
        subject=f"[MAY BE A REPEAT] {note.subject}",
        short=f"[REPEAT?] {note.short}"[:160],
        body=f"This may be a repeat: its first sender stopped in the middle.\n{note.body}",
    )
