"""The one polite HTTP layer: pace per host, limits of size and time, redirects and addresses checked at each step.

Hears whatever a server answers; promises that no answer, however large or slow, costs more than its limits, that our own
network is never reached by a stranger's address, and that with a proxy set nothing goes out beside it.
"""

import asyncio
import random
import zlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError

from collectors.addresses import ForbiddenAddressError, Network, check_address, check_url
from collectors.base import Answer
from monitor.domain.errors import AccessDeniedError, UnavailableError
from monitor.domain.health import Feeling
from monitor.domain.ports import Clock

USER_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
"""An ordinary browser's: a monitor that names itself can be told from its readers and fed something else."""
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_DENIED: Final = {
    401: "asks for a login",
    403: "refuses us",
    404: "has no such page",
    410: "says that the page is gone for good",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one fetch may cost.

    Attributes:
        body_bytes: of the answer, after decompression.
        total_seconds: for everything, redirects included.
        redirects: followed at most.
        gap_seconds: between two fetches from one host.
        jitter_ratio: the gap is lengthened by up to this share of it.
    """

    body_bytes: int = 8 * 1024 * 1024
    total_seconds: float = 25.0
    redirects: int = 5
    gap_seconds: float = 2.0
    jitter_ratio: float = 0.5


class _CheckedResolver(AbstractResolver):
    """Resolves once, refuses what our rules forbid, and hands on only addresses that were judged."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._inner = aiohttp.ThreadedResolver()
        self._allowed = allowed

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for result in found:
            check_address(result["host"], self._allowed)
        return found

    async def close(self) -> None:
        await self._inner.close()


class LineWatch:
    """Whether our own line is down: every host of late failed to be reached, and there were several."""

    def __init__(self, hosts: int = 3) -> None:
        self._least = hosts
        self._latest: dict[str, bool] = {}

    def note(self, host: str, *, reached: bool) -> None:
        """Remember how the latest try with a host went."""
        self._latest.pop(host, None)
        self._latest[host] = reached
        while len(self._latest) > 50:
            self._latest.pop(next(iter(self._latest)))

    @property
    def is_down(self) -> bool:
        """Several hosts were tried and none was reached."""
        return len(self._latest) >= self._least and not any(self._latest.values())

    def felt(self) -> tuple[Feeling, str]:
        """How the line is, and why; unknown until a host was reached or several were not."""
        if self.is_down:
            return Feeling.UNREACHABLE, "no host of several can be reached: own line is down"
        if any(self._latest.values()):
            return Feeling.OK, "hosts can be reached"
        return Feeling.UNKNOWN, "no host has been reached yet"


class PoliteHttp:
    """Fetches pages for all collectors."""

    def __init__(
        self, clock: Clock, *, limits: Limits | None = None, allowed: Sequence[Network] = (), proxy: str | None = None,
        seed: int | None = None,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._limits = limits or Limits()
        self._allowed = allowed
        self._proxy = proxy
        self._random = random.Random(seed)  # noqa: S311 - jitter, not a secret
        self._sessions: dict[str | None, aiohttp.ClientSession] = {}
        self._next: dict[str, float] = {}
        self.line = LineWatch()

    async def get(
        self, url: str, *, headers: dict[str, str] | None = None, proxy: str | None = None, max_bytes: int | None = None
    ) -> Answer:
        """Fetch a page; see `collectors.base.Http`."""
        host = urlsplit(url).hostname or ""
        try:
            async with asyncio.timeout(self._limits.total_seconds + self._limits.gap_seconds * 20):
                await self._wait_for(host)
                async with asyncio.timeout(self._limits.total_seconds):
                    answer = await self._follow(
                        url, headers or {}, proxy or self._proxy, max_bytes or self._limits.body_bytes
                    )
        except ForbiddenAddressError as error:
            raise AccessDeniedError(f"not fetched: {error}") from None
        except TimeoutError:
            self.line.note(host, reached=False)
            raise UnavailableError(self._worded("no whole answer in time")) from None
        except (ProxyError, ProxyConnectionError, ProxyTimeoutError):
            raise UnavailableError("the proxy does not answer; nothing was sent beside it") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            forbidden = _forbidden(error)
            if forbidden is not None:
                raise AccessDeniedError(f"not fetched: {forbidden}") from None
            self.line.note(host, reached=False)
            raise UnavailableError(self._worded(_reason(error))) from None
        self.line.note(host, reached=True)
        return _judged(answer, self._clock.now())

    def _worded(self, reason: str) -> str:
        return "cannot reach: own line is down" if self.line.is_down else f"cannot reach: {reason}"

    async def _wait_for(self, host: str) -> None:
        """Keep the gap between two fetches from one host."""
        now = self._clock.monotonic()
        free = max(now, self._next.get(host, now))
        gap = self._limits.gap_seconds * (1 + self._limits.jitter_ratio * self._random.random())
        self._next[host] = free + gap
        if free > now:
            await self._clock.sleep(free - now)

    async def _follow(self, url: str, headers: dict[str, str], proxy: str | None, max_bytes: int) -> Answer:
        session = self._session(proxy)
        came_from: str | None = None
        for _ in range(self._limits.redirects + 1):
            check_url(url, came_from)
            _check_literal(url, self._allowed)
            async with session.get(url, headers=headers, allow_redirects=False) as response:
                target = response.headers.get("Location")
                if response.status not in REDIRECTS or not target:
                    body, received = await _body(response, max_bytes)
                    lowered = {name.lower(): value for name, value in response.headers.items()}
                    return Answer(status=response.status, headers=lowered, body=body, url=url, received_bytes=received)
            came_from, url = url, urljoin(url, target)
        raise UnavailableError(f"more than {self._limits.redirects} redirects")

    def _session(self, proxy: str | None) -> aiohttp.ClientSession:
        if proxy not in self._sessions:
            connector: aiohttp.BaseConnector
            if proxy:
                connector = ProxyConnector.from_url(proxy, rdns=True)
            else:
                connector = aiohttp.TCPConnector(
                    resolver=_CheckedResolver(self._allowed), use_dns_cache=False, limit_per_host=2
                )
            self._sessions[proxy] = aiohttp.ClientSession(
                connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False,
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate", "Accept-Language": "ru,kk;q=0.9,en;q=0.8"},
            )  # fmt: skip
        return self._sessions[proxy]

    async def close(self) -> None:
        """Let go of connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()


def _check_literal(url: str, allowed: Sequence[Network]) -> None:
    """Hosts written as figures in any form never reach a resolver, so they are judged here."""
    host = urlsplit(url).hostname or ""
    if ":" in host or host.replace(".", "").isdigit() or host.lower().startswith("0x"):
        try:
            check_address(host, allowed)
        except ForbiddenAddressError:
            raise
        except ValueError:
            raise ForbiddenAddressError("the host is a number in an unusual form") from None


async def _body(response: aiohttp.ClientResponse, max_bytes: int) -> tuple[bytes, int]:
    """The body, decompressed as it comes and never beyond its limit.

    Raises:
        UnavailableError: larger than the limit, or not decompressible.
    """
    encoding = response.headers.get("Content-Encoding", "").lower()
    inflate = zlib.decompressobj(47 if encoding == "gzip" else 15) if encoding in {"gzip", "deflate"} else None
    pieces: deque[bytes] = deque()
    size = received = 0
    async for piece in response.content.iter_chunked(64 * 1024):
        received += len(piece)
        if inflate is not None:
            try:
                piece = inflate.decompress(piece, max_bytes - size + 1)  # noqa: PLW2901
            except zlib.error:
                raise UnavailableError("the answer is compressed in a way that cannot be read") from None
        size += len(piece)
        pieces.append(piece)
        if size > max_bytes or received > max_bytes:
            raise UnavailableError(f"the answer is larger than {max_bytes // 2**20} MiB")
    return b"".join(pieces), received


def _judged(answer: Answer, now: datetime) -> Answer:
    """The answer, unless its status says that there is none."""
    if answer.status in _DENIED:
        raise AccessDeniedError(f"the server {_DENIED[answer.status]} ({answer.status})")
    if answer.status == 429 or answer.status >= 500:
        wait = retry_after(answer.headers.get("retry-after"), now)
        words = "asks us to come less often" if answer.status == 429 else "is in trouble"
        raise UnavailableError(f"the server {words} ({answer.status})", wait)
    if answer.status not in {200, 203, 206, 304}:
        raise UnavailableError(f"unexpected answer ({answer.status})")
    return answer


def retry_after(text: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, at most a day; `None` where it says nothing that can be read."""
    if not text:
        return None
    if text.strip().isdigit():
        return float(min(int(text.strip()[:9]), 86_400))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, min((moment - now).total_seconds(), 86_400.0))


def _forbidden(error: BaseException) -> str | None:
    """Our own refusal, where the HTTP library wrapped it."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ForbiddenAddressError):
            return str(seen)
        seen = seen.__cause__ or seen.__context__
    return None


def _reason(error: Exception) -> str:
    """What went wrong, in words, without addresses or query strings."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "the server's certificate is not valid"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the name does not resolve"
    if isinstance(error, aiohttp.ClientSSLError):
        return "no secure connection"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "no connection"
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "the server hung up"
    return f"the answer cannot be read ({type(error).__name__})"
