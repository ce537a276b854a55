"""Pages without a feed are watched by difference, on a real server on loopback."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import ValidationError

from collectors.addresses import networks
from collectors.base import Access
from collectors.base import kind as kind_of
from collectors.feed_parse import FeedError
from collectors.http import Limits, PoliteHttp
from collectors.page_parse import parse_page
from collectors.pages import Collector, Config
from collectors.workers import WorkerPool
from monitor.domain.errors import UnavailableError
from monitor.domain.reports import Item, Report
from monitor.domain.sources import Source
from monitor.runtime.clock import SystemClock

LIST = """<html><head><title>Суд</title></head><body><nav>Меню</nav><ul>
<li class=case><a href="/case/1">Дело 1</a> арест на 15 суток</li>
<li class=case><a href="/case/2">Дело 2</a> штраф 50 МРП</li></ul></body></html>"""


class Court:
    """A server with one page that changes."""

    def __init__(self) -> None:
        self.page = LIST

    async def answer(self, _: web.Request) -> web.Response:
        return web.Response(text=self.page, content_type="text/html")


@pytest.fixture
async def court() -> AsyncIterator[tuple[Court, Any]]:
    made = Court()
    app = web.Application()
    app.router.add_get("/", made.answer)
    server = TestServer(app)
    await server.start_server()
    http = PoliteHttp(SystemClock(), limits=Limits(gap_seconds=0), allowed=networks(("127.0.0.0/8",)))
    workers = WorkerPool(count=1)
    access = Access(clock=SystemClock(), http=http, workers=workers)

    def collector(cursor: str | None = None, **settings: str) -> Collector:
        source = Source(
            id="court",
            kind="pages",
            name="Court",
            owner="court",
            settings={"url": str(server.make_url("/")), **settings},
        )
        return Collector(source, access, cursor)

    yield made, collector
    await workers.close()
    await http.close()
    await server.close()


async def round_of(collector: Collector) -> list[Report]:
    return [item.content async for item in collector.items() if isinstance(item.content, Report)]


async def test_what_stood_there_before_is_no_news_and_what_comes_or_changes_is(court: tuple[Court, Any]) -> None:
    page, make = court
    collector = make(entry="li.case", title="a")
    assert await round_of(collector) == []
    page.page = LIST.replace("<ul>", '<ul><li class=case><a href="/case/3">Дело 3</a> арест на 10 суток</li>').replace(
        "50 МРП", "70 МРП"
    )
    found = await round_of(collector)
    assert [(report.title, report.edited, report.key.rpartition("/")[2]) for report in found] == [
        ("Дело 2", True, "2"), ("Дело 3", False, "3"),
    ]  # fmt: skip
    assert "70 МРП" in found[0].text
    assert await round_of(collector) == []


async def test_a_whole_page_without_a_selector_is_one_report_whose_edits_are_seen(court: tuple[Court, Any]) -> None:
    page, make = court
    collector = make()
    await round_of(collector)
    page.page = LIST.replace("15 суток", "20 суток").replace("Меню", "Другое меню")
    (report,) = await round_of(collector)
    assert report.edited
    assert "20 суток" in report.text
    assert "меню" not in report.text


async def test_a_restart_goes_on_from_the_bookmark(court: tuple[Court, Any]) -> None:
    page, make = court
    items: list[Item] = [item async for item in make(entry="li.case").items()]
    page.page = LIST.replace("</ul>", '<li class=case><a href="/case/9">Дело 9</a></li></ul>')
    assert [report.key.rpartition("/")[2] for report in await round_of(make(items[-1].cursor, entry="li.case"))] == [
        "9"
    ]


async def test_a_kill_in_the_middle_of_a_round_loses_none_of_its_entries(court: tuple[Court, Any]) -> None:
    page, make = court
    before = [item async for item in make(entry="li.case").items()][-1].cursor
    page.page = LIST.replace(
        "</ul>", "".join(f'<li class=case><a href="/case/{n}">Дело {n}</a></li>' for n in (7, 8, 9))
    )
    interrupted = make(before, entry="li.case").items()
    first = await anext(interrupted)
    await interrupted.aclose()
    assert isinstance(first.content, Report)
    rest = await round_of(make(first.cursor, entry="li.case"))
    assert sorted(report.key.rpartition("/")[2] for report in (first.content, *rest)) == ["7", "8", "9"]


async def test_a_page_that_changed_its_layout_is_a_state_of_the_source(court: tuple[Court, Any]) -> None:
    page, make = court
    page.page = "<html><body>Страница заблокирована</body></html>"
    with pytest.raises(UnavailableError, match="layout changed, or another page"):
        await round_of(make(entry="li.case"))


def test_selectors_that_are_none_are_refused() -> None:
    with pytest.raises(ValidationError, match="not a CSS selector"):
        Config.model_validate({"url": "https://example.kz/", "entry": "li[["})


@pytest.mark.parametrize("body", [b"", b"\0\xff<<<", b"<a" * 10_000, b"<div>" * 20_000, "ё".encode("utf-16")])
def test_no_bytes_break_the_parser(body: bytes) -> None:
    assert parse_page(body, None, "https://example.kz/").entries
    with pytest.raises(FeedError):
        parse_page(body, None, "https://example.kz/", "li.case")


def test_links_that_are_not_of_the_web_never_become_links() -> None:
    page = b'<li><a href="javascript:alert(1)">x</a></li><li><a href="http://[">y</a></li>'
    assert {entry.link for entry in parse_page(page, None, "https://example.kz/", "li").entries} == {
        "https://example.kz/"
    }


async def test_a_source_with_a_proxy_of_its_own_sends_nothing_beside_it(court: tuple[Court, Any]) -> None:
    asked: list[str | None] = []

    class Watching:
        async def get(self, url: str, *, headers: Any = None, proxy: str | None = None, max_bytes: Any = None) -> Any:
            asked.append(proxy)
            raise UnavailableError("the proxy does not answer; nothing was sent beside it")

    access = Access(
        clock=SystemClock(), http=Watching(), workers=WorkerPool(), secret={"TOR": "socks5://127.0.0.1:9"}.__getitem__
    )
    for kind, settings in (("pages", {"url": "https://example.kz/"}), ("feeds", {"url": "https://example.kz/"}),
                           ("telegram_preview", {"channel": "gazette"})):  # fmt: skip
        source = Source(id="court", kind=kind, name="Court", owner="court", settings={**settings, "proxy": "TOR"})
        with pytest.raises(UnavailableError):
            await round_of(kind_of(kind).collector(source, access, None))
    assert asked == ["socks5://127.0.0.1:9"] * 3
