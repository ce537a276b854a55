"""What is sent next, and what the core's answers mean: the queue, the numbers and the clock behind both ways."""

import logging
import secrets
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from collectors.agent.discretion import discreet
from collectors.agent.keys import Secret
from collectors.agent.parcels import Answer, Head, ParcelError, Way, pack, short_key, unpack_answer
from collectors.agent.queue import DiskQueue, Waiting
from collectors.agent.rows import Row, pack_row
from collectors.agent.settings import AgentConfig
from monitor.domain.measurements import Measurement
from monitor.domain.moments import EPOCH
from monitor.domain.ports import Clock

IN_FLIGHT: Final = 8
"""Parcels sent and not yet answered; the rest waits on the disk and not at a broker."""
SAMPLES: Final = 8
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A transmission that is on its way; by the monotonic clock, which nobody sets."""

    sequence: int
    at_seconds: float


class CoreClock:
    """The core's time as this agent knows it: of the last answers, the one that took least time (as NTP does).

    It is kept against the monotonic clock, so that it stays right when somebody sets the other one.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._samples: deque[tuple[float, float]] = deque(maxlen=SAMPLES)

    def learn(self, sent_seconds: float, answer: Answer) -> None:
        """From an answer to what was sent then."""
        back_seconds = self._clock.monotonic()
        received, replied = _seconds(answer.received_at), _seconds(answer.sent_at)
        delay = max(0.0, (back_seconds - sent_seconds) - (replied - received))
        self._samples.append((delay, ((received - sent_seconds) + (replied - back_seconds)) / 2))

    def now(self) -> datetime:
        """The core's time; our own where it is not known."""
        offset = self.offset_seconds
        return self._clock.now() + timedelta(seconds=offset or 0.0)

    @property
    def offset_seconds(self) -> float | None:
        """The core's clock less ours; `None` while not known."""
        if not self._samples:
            return None
        _, ahead = min(self._samples)
        return round(self._clock.monotonic() + ahead - _seconds(self._clock.now()), 3)


def _seconds(moment: datetime) -> float:
    return (moment - EPOCH).total_seconds()


class Outbox:
    """One agent's rows on their way to the core."""

    def __init__(self, config: AgentConfig, secret: Secret, queue: DiskQueue, clock: Clock) -> None:
        self.config = config
        self.queue = queue
        self.core_clock = CoreClock(clock)
        self._secret = secret
        self._clock = clock
        self._run = secrets.token_hex(4)
        self._sent: dict[int, _Sent] = {}
        self.unanswered_since: float | None = None

    def add(self, measurements: Iterable[Measurement]) -> int:
        """Keep these, made discreet; returns once they are on the disk."""
        offset, vantage = self.core_clock.offset_seconds, self.config.vantage
        rows = (
            pack_row(Row(measurement=discreet(found, vantage), run=self._run, offset_seconds=offset))
            for found in measurements
        )
        return self.queue.add(rows, self._clock.now())

    def forget_way(self) -> None:
        """The way was lost: what was on it is sent again on the next."""
        self._sent.clear()
        self.unanswered_since = None

    def due(self, room: int = IN_FLIGHT) -> list[bytes]:
        """Transmissions to make now: what waits and is not on its way, and what got no answer for too long."""
        now = self._clock.monotonic()
        late = [attempt for attempt, sent in self._sent.items() if now - sent.at_seconds > self.config.answer_seconds]
        for attempt in late:
            del self._sent[attempt]
        on_the_way = {sent.sequence for sent in self._sent.values()}
        free = room - len(on_the_way)
        return [self._transmission(parcel) for parcel in self.queue.waiting(free, on_the_way)] if free > 0 else []

    def _transmission(self, parcel: Waiting) -> bytes:
        attempt = self.queue.next_attempt()
        now = self._clock.monotonic()
        self._sent[attempt] = _Sent(parcel.sequence, now)
        if self.unanswered_since is None:
            self.unanswered_since = now
        return self.packed(parcel, attempt, "wire")

    def packed(self, parcel: Waiting, attempt: int, way: Way) -> bytes:
        """The parcel as it travels."""
        count = self.queue.count()
        head = Head(
            agent=self.config.id, core=short_key(self.config.core), sequence=parcel.sequence, attempt=attempt,
            oldest=min(count.oldest_sequence, parcel.sequence), waiting=count.parcels, rows=parcel.rows,
            sent_at=self.core_clock.now(), dropped_rows=count.dropped_rows,
            clock_offset_seconds=self.core_clock.offset_seconds, run=self._run, way=way,
        )  # fmt: skip
        return pack(head, parcel.content, self._secret)

    def take_answer(self, data: bytes) -> bool:
        """Act by an answer; `False` where it is not the core's, and nothing was done."""
        try:
            answer = unpack_answer(data, self.config.core)
        except ParcelError as error:
            log.warning("an answer was left aside: %s", error)
            return False
        if answer.agent != self.config.id:
            log.warning("an answer was left aside: it is for another agent")
            return False
        sent = self._sent.pop(answer.attempt, None)
        if sent is not None:
            self.core_clock.learn(sent.at_seconds, answer)
        self.queue.committed(answer.committed)
        for sequence, why in answer.refused.items():
            log.error("the core will not take parcel %d: %s; it is set aside", sequence, why)
            self.queue.refused(sequence, why)
        done = {*answer.committed, *answer.refused}
        self._sent = {attempt: way for attempt, way in self._sent.items() if way.sequence not in done}
        self.unanswered_since = self._clock.monotonic() if self._sent else None
        return True

    def unanswered_seconds(self) -> float:
        """How long the core has said nothing to what we sent; 0 where nothing is on its way."""
        return 0.0 if self.unanswered_since is None else self._clock.monotonic() - self.unanswered_since
