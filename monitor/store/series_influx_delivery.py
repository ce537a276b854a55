"""Carries one bucket's batches from the outbox to InfluxDB, in order, for as long as it takes.

What the server answers decides: stored, the batch leaves the outbox; refused, the batch is split until each bad line stands
alone and is parked with its reason; too large, it is halved; anything else, it waits, as long as the server asks or with
doubling pauses of random length. A batch leaves only whole, so that a crash repeats at most what is harmless to repeat.
"""

import asyncio
import logging
import random
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from monitor.domain.errors import AccessDeniedError, StoreUnavailableError, UnavailableError
from monitor.domain.health import Feeling, Health
from monitor.domain.moments import EPOCH
from monitor.domain.ports import Clock
from monitor.store.outbox import Outbox
from monitor.store.outbox_rows import Batch, Parked, Waiting
from monitor.store.series_influx_answers import RefusedError, TooLargeError
from monitor.store.series_influx_lines import joined, split

MOST_LINES: Final = 10_000
MOST_BYTES: Final = 2**20
"""Of compressed lines in one request."""

FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 30.0
DENIED_WAIT_SECONDS: Final = 60.0
"""How often we look whether a person has mended the token, the bucket or the address."""

LONGEST_ASKED_SECONDS: Final = 900.0
"""Longer than this no `Retry-After` keeps us away."""

IDLE_SECONDS: Final = 5.0
"""How often an idle delivery looks for what another process put into the outbox."""

LATE: Final = timedelta(minutes=20)
"""Points older than this at delivery may have missed the server's own summing up."""

GZIP: Final = 16 + zlib.MAX_WBITS
GZIP_LEVEL: Final = 1
log = logging.getLogger(__name__)


def compressed(data: bytes) -> bytes:
    """As gzip, quickly."""
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP)
    return packer.compress(data) + packer.flush()


def expanded(body: bytes) -> str:
    """The lines of one or several gzip members.

    Raises:
        zlib.error: the bytes are damaged.
    """
    parts = []
    while body:
        unpacker = zlib.decompressobj(GZIP)
        parts.append(unpacker.decompress(body).decode("utf-8", "replace"))
        body = unpacker.unused_data
    return "\n".join(parts)


class Group(NamedTuple):
    """Lines that go in one request; `text` is `None` until they have to be told apart."""

    body: bytes
    lines: int
    text: Sequence[str] | None = None


class Server(Protocol):
    """The receiving end."""

    async def write(self, bucket: str, body: bytes) -> None:
        """Send gzip; raises `RefusedError`, `TooLargeError`, `UnavailableError` or `AccessDeniedError`."""
        ...


@dataclass(slots=True)
class Delivery:
    """Delivers what the outbox holds for one bucket.

    Attributes:
        on_health: told how the way to InfluxDB feels, each time that changes.
        seed: of the pauses' random lengths; different buckets should differ.
    """

    bucket: str
    outbox: Outbox
    server: Server
    clock: Clock
    on_health: Callable[[Health], None] = lambda _: None
    seed: int = 0
    most_lines: int = MOST_LINES
    _bell: asyncio.Event = field(default_factory=asyncio.Event)
    _random: random.Random = field(init=False)
    _failures: int = 0
    _felt: tuple[Feeling, str] | None = None
    _last_good_at: datetime | None = None

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - jitter, not a secret

    def ring(self) -> None:
        """There is something new in the outbox."""
        self._bell.set()

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            self._bell.clear()
            wait_seconds = await self._drained()
            if wait_seconds is not None:
                await self.clock.sleep(wait_seconds)
                continue
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._bell.wait()
            except TimeoutError:
                continue

    async def drain(self) -> None:
        """Deliver all that waits for this bucket.

        Raises:
            UnavailableError, AccessDeniedError: InfluxDB does not take it now; it stays in the outbox.
            StoreUnavailableError: the outbox itself fails.
        """
        while waiting := await self.outbox.waiting(self.bucket, self.most_lines, MOST_BYTES):
            await self._deliver(waiting)

    async def _drained(self) -> float | None:
        """Deliver; how long to wait before the next try, `None` if everything is gone."""
        try:
            await self.drain()
        except UnavailableError as error:
            feeling = Feeling.UNREACHABLE if error.retry_after_seconds is None else Feeling.THROTTLED
            return self._pause(feeling, error.reason, self._wait_seconds(error.retry_after_seconds))
        except AccessDeniedError as error:
            return self._pause(Feeling.DENIED, error.reason, DENIED_WAIT_SECONDS)
        except StoreUnavailableError as error:
            return self._pause(Feeling.BROKEN, error.reason, self._wait_seconds(None))
        self._failures = 0
        self._feel_well()
        return None

    async def _deliver(self, waiting: Sequence[Waiting]) -> None:
        refused: list[Parked] = []
        body = b"".join(one.batch.body for one in waiting)
        groups = [Group(body, sum(one.batch.lines for one in waiting))]
        while groups:
            groups += await self._sent(groups.pop(), refused)
        await self.outbox.settle(waiting, refused, self._late(waiting))
        self._failures = 0
        self._last_good_at = self.clock.now()
        if refused:
            log.error("InfluxDB refused %d lines for good; see dabyl influx parked", len(refused))

    async def _sent(self, group: Group, refused: list[Parked]) -> list[Group]:
        """Send a group; the groups that are to be sent in its place, and lines that are refused for good."""
        if group.lines > self.most_lines:
            texts = self._texts(group, refused)
            if texts is None or len(texts) > 1:
                return _groups(_halves(texts or ()))
        try:
            await self.server.write(self.bucket, group.body)
        except TooLargeError as error:
            if group.lines == 1:
                return self._park(group, str(error), refused)
            self.most_lines = max(1, group.lines // 2)
            return [group]
        except RefusedError as error:
            return self._taken_apart(group, error, refused)
        return []

    def _taken_apart(self, group: Group, refusal: RefusedError, refused: list[Parked]) -> list[Group]:
        """Smaller groups after a refusal; a line that stands alone, or that the server names, is parked."""
        if group.lines in {1, refusal.dropped}:
            return self._park(group, next(iter(refusal.named.values()), refusal.reason), refused)
        texts = self._texts(group, refused) or ()
        if bad := [text for text in texts if text in refusal.named]:
            now = self.clock.now()
            refused += [Parked(self.bucket, text, refusal.named[text], now) for text in dict.fromkeys(bad)]
            return _groups(([text for text in texts if text not in refusal.named],))
        if refusal.number is not None and 1 <= refusal.number <= len(texts) > 1:
            place = refusal.number - 1
            return _groups(([*texts[:place], *texts[place + 1 :]], [texts[place]]))
        return _groups(_halves(texts))

    def _park(self, group: Group, reason: str, refused: list[Parked]) -> list[Group]:
        now = self.clock.now()
        refused += [Parked(self.bucket, text, reason, now) for text in self._texts(group, refused) or ()]
        return []

    def _texts(self, group: Group, refused: list[Parked]) -> Sequence[str] | None:
        """The lines of a group one by one; `None` where its bytes are damaged, which is parked as it is."""
        if group.text is not None:
            return group.text
        try:
            return split(expanded(group.body))
        except zlib.error as error:
            words = f"{group.lines} lines whose bytes were damaged on our disk ({error})"
            refused.append(Parked(self.bucket, f"# {group.body.hex()}", words, self.clock.now()))
            return None

    def _late(self, waiting: Sequence[Waiting]) -> Iterable[int]:
        """Hours that the server's own summing up may have passed by."""
        border = (self.clock.now() - LATE - EPOCH) // timedelta(microseconds=1) * 1000
        for one in waiting:
            if one.batch.oldest_ns < border:
                yield from one.batch.hours

    def _wait_seconds(self, asked: float | None) -> float:
        self._failures += 1
        doubled = min(FIRST_WAIT_SECONDS * 2.0 ** min(self._failures - 1, 12), LONGEST_WAIT_SECONDS)
        return max(doubled * (0.5 + self._random.random() / 2), min(asked or 0.0, LONGEST_ASKED_SECONDS))

    def _pause(self, feeling: Feeling, reason: str, seconds: float) -> float:
        self._feel(feeling, reason, self.clock.now() + timedelta(seconds=seconds))
        return seconds

    def _feel_well(self) -> None:
        if parked := self.outbox.backlog.parked:
            # A person is needed, though the rest goes on.
            self._feel(Feeling.DENIED, f"{parked} lines were refused and are parked: see dabyl influx parked", None)
        else:
            self._feel(Feeling.OK, "takes what we write", None)

    def _feel(self, feeling: Feeling, reason: str, retry_at: datetime | None) -> None:
        if (feeling, reason) == self._felt:
            return
        if feeling is not Feeling.OK:
            log.error("InfluxDB, bucket %s: %s", self.bucket, reason)
        elif self._felt is not None and self._felt[0] is not Feeling.OK:
            log.info("InfluxDB, bucket %s: takes what we write again", self.bucket)
        self._felt = (feeling, reason)
        now = self.clock.now()
        self.on_health(
            Health(
                subject=f"part:deliver:{self.bucket}", feeling=feeling, reason=reason, since=now, checked_at=now,
                last_good_at=self._last_good_at, retry_at=retry_at,
            )
        )  # fmt: skip


def _halves(texts: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    middle = len(texts) // 2
    return texts[middle:], texts[:middle]


def _groups(parts: Iterable[Sequence[str]]) -> list[Group]:
    """The last is sent first: of two values for one moment, the later must arrive later."""
    return [Group(compressed(joined(part)), len(part), part) for part in parts if part]


def batches(bucket: str, lines: Sequence[tuple[str, int]], most_lines: int = MOST_LINES) -> list[Batch]:
    """Lines with their moments, packed for the outbox."""
    made = []
    for start in range(0, len(lines), most_lines):
        part = lines[start : start + most_lines]
        hours = frozenset(time_ns // 3_600_000_000_000 for _, time_ns in part)
        body = compressed(joined(line for line, _ in part) + b"\n")
        made.append(Batch(bucket, len(part), min(time_ns for _, time_ns in part), hours, body))
    return made
