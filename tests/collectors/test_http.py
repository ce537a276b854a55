"""The polite HTTP layer against a real server on loopback: limits, redirects, addresses, and waits that are asked for."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from collectors.addresses import ForbiddenAddressError, check_address, check_url, networks
from collectors.base import Access
from collectors.feeds import Collector
from collectors.http import Limits, LineWatch, PoliteHttp, retry_after
from collectors.workers import WorkerPool
from monitor.domain.errors import AccessDeniedError, UnavailableError
from monitor.domain.health import Feeling
from monitor.domain.reports import Report
from monitor.domain.sources import Source
from monitor.runtime.clock import SimulatedClock, SystemClock
from tests.conftest import NEW_YEAR

LOOPBACK = networks(["127.0.0.0/8"])
QUICK = Limits(gap_seconds=0, total_seconds=3, body_bytes=200_000)


@dataclass
class Site:
    """A scripted site: what each path answers, and what it was asked."""

    url: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    feed: bytes = b""
    status: int = 200
    etag: str = '"1"'
    over: asyncio.Event = field(default_factory=asyncio.Event)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    played = Site()

    async def answer(request: web.Request) -> web.StreamResponse:
        played.asked.append((request.path, dict(request.headers)))
        match request.path:
            case "/feed":
                if request.headers.get("If-None-Match") == played.etag:
                    return web.Response(status=304)
                return web.Response(
                    status=played.status, body=played.feed, headers={"ETag": played.etag, "Retry-After": "90"}
                )
            case "/loop":
                return web.Response(status=302, headers={"Location": "/loop"})
            case "/file":
                return web.Response(status=302, headers={"Location": "file:///etc/passwd"})
            case "/bomb":
                return web.Response(body=gzip.compress(b"0" * 30_000_000), headers={"Content-Encoding": "gzip"})
            case "/slow":
                response = web.StreamResponse()
                await response.prepare(request)
                await response.write(b"x")
                await played.over.wait()
                return response
        return web.Response(status=played.status, text="ok")

    runner = web.AppRunner(web.Application(middlewares=[]), shutdown_timeout=0.1)
    runner.app.router.add_route("GET", "/{path:.*}", answer)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    played.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield played
    played.over.set()
    await runner.cleanup()


@pytest.fixture
async def http() -> AsyncIterator[PoliteHttp]:
    layer = PoliteHttp(SystemClock(), limits=QUICK, allowed=LOOPBACK, seed=1)
    yield layer
    await layer.close()


async def test_a_page_is_fetched(site: Site, http: PoliteHttp) -> None:
    assert (await http.get(f"{site.url}/page")).body == b"ok"


@pytest.mark.parametrize(("path", "words"), [("/loop", "redirects"), ("/bomb", "larger"), ("/slow", "in time")])
async def test_what_costs_too_much_is_unavailable(site: Site, path: str, words: str) -> None:
    layer = PoliteHttp(
        SystemClock(),
        limits=Limits(gap_seconds=0, total_seconds=0.7 if path == "/slow" else 30, body_bytes=200_000),
        allowed=LOOPBACK,
    )
    with pytest.raises(UnavailableError, match=words):
        await layer.get(f"{site.url}{path}")
    await layer.close()


async def test_a_redirect_out_of_the_web_is_refused(site: Site, http: PoliteHttp) -> None:
    with pytest.raises(AccessDeniedError, match="not fetched"):
        await http.get(f"{site.url}/file")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f000001",
        "localhost",
        "192.168.1.1",
        "[64:ff9b::7f00:1]",
    ],
)
async def test_our_own_network_is_never_reached(site: Site, host: str) -> None:
    layer = PoliteHttp(SystemClock(), limits=QUICK)
    port = site.url.rpartition(":")[2]
    with pytest.raises((AccessDeniedError, UnavailableError)):
        await layer.get(f"http://{host}:{port}/page")
    await layer.close()
    assert site.asked == []


@pytest.mark.parametrize("url", ["ftp://a.test/", "data:text/html,x", "http://user:pass@a.test/", "http://"])
def test_strange_addresses_are_refused(url: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        check_url(url)


def test_public_addresses_are_fine() -> None:
    check_address("8.8.8.8")
    check_url("https://a.test/x", "https://b.test/")


async def test_asked_waits_are_told(site: Site, http: PoliteHttp) -> None:
    site.status = 429
    with pytest.raises(UnavailableError) as raised:
        await http.get(f"{site.url}/feed")
    assert raised.value.retry_after_seconds == 90


def test_retry_after_is_read_in_both_forms() -> None:
    assert retry_after("120", NEW_YEAR) == 120
    assert retry_after("Thu, 01 Jan 2026 00:02:00 GMT", NEW_YEAR) == 120
    assert retry_after("soon", NEW_YEAR) is None


def test_the_line_is_down_when_no_host_of_several_answers() -> None:
    line = LineWatch()
    line.note("a.test", reached=False)
    line.note("b.test", reached=False)
    assert not line.is_down
    assert line.felt()[0] is Feeling.UNKNOWN
    line.note("c.test", reached=False)
    assert line.felt()[0] is Feeling.UNREACHABLE
    line.note("b.test", reached=True)
    assert line.felt()[0] is Feeling.OK


ITEM = "<item><title>{}</title><guid>{}</guid><pubDate>Wed, 05 Jan 2022 10:00:00 +0600</pubDate></item>"


async def test_a_feed_is_read_once_and_its_edits_are_seen(site: Site, http: PoliteHttp, clock: SimulatedClock) -> None:
    workers = WorkerPool(count=1)
    source = Source(id="s", kind="feeds", name="S", owner="s", settings={"url": f"{site.url}/feed"})
    access = Access(clock=clock, http=http, workers=workers)

    async def round_from(cursor: str | None) -> tuple[list[Report], str | None]:
        items = [item async for item in Collector(source, access, cursor).items()]
        found = [item.content for item in items if isinstance(item.content, Report)]
        return found, items[-1].cursor if items else cursor

    site.feed = f"<rss><channel>{ITEM.format('Раз', 1)}{ITEM.format('Два', 2)}</channel></rss>".encode()
    first, cursor = await round_from(None)
    assert [report.title for report in first] == ["Два", "Раз"]
    assert (await round_from(cursor))[0] == []
    site.etag, site.feed = '"2"', site.feed.replace("Раз".encode(), "Раз, исправлено".encode())
    (edited,), _ = await round_from(cursor)
    assert (edited.title, edited.edited, edited.id) == ("Раз, исправлено", True, first[1].id)
    await workers.close()
