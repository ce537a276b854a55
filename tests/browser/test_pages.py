"""The pages in a real browser: no text from outside ever runs there, and it all fits on a phone."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from monitor.configuration import load_configuration
from monitor.domain.alerts import IncidentState
from monitor.domain.changes import Change
from monitor.domain.health import Feeling, Health
from monitor.domain.signals import Hit, Signal
from monitor.domain.sources import Source
from monitor.runtime.clock import SimulatedClock
from monitor.store.state import open_state
from monitor.web.server import Shown, make_web
from tests.browser.chromium import picture_of, tree_of
from tests.store.cast import NOON, incident, line, report, signal

RUN = "document.documentElement.setAttribute('data-ran','1')"
ELEMENTS = (
    f"<script>{RUN}</script>", f"<img src=x onerror=\"{RUN}\">", f"<svg onload=\"{RUN}\">", f"<iframe srcdoc=\"<script>parent.{RUN}</script>\">",
    f"<body onload=\"{RUN}\">", f"<details open ontoggle=\"{RUN}\">", f"<input autofocus onfocus=\"{RUN}\">", f"<style onload=\"{RUN}\">a{{}}</style>",
    f"<link rel=stylesheet href=x onerror=\"{RUN}\">", f"<math><mtext><script>{RUN}</script>", f"<video><source onerror=\"{RUN}\">",
    f"<marquee onstart=\"{RUN}\">", "<base href='javascript:/'>", f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<a href=\"javascript:{RUN}\">x</a>", f"<object data=\"javascript:{RUN}\">", f"<form action=\"javascript:{RUN}\"><button autofocus>",
    f"{{{{constructor.constructor(\"{RUN}\")()}}}}", f"${{{RUN}}}", f"<template><script>{RUN}</script></template>",
)  # fmt: skip
WRAPPED = (
    "{}",
    '">{}',
    "'>{}",
    "</td></tr></table>{}",
    "</title>{}",
    "</style>{}",
    "<!--{}",
    "\u202e{}",
    "]]>{}",
    "%0a{}",
)
PAYLOADS = [wrapping.replace("{}", element) for element, wrapping in product(ELEMENTS, WRAPPED)]


def hostile(number: int, payload: str) -> Signal:
    told = signal(report(str(number)))
    return replace(
        told, id=f"s{number}", source=f"source-{number}", places=(payload,), witness=payload, title=payload,
        because=(Hit(payload, payload, 0, 1),), link=payload if number % 2 else f"javascript:{RUN}",
    )  # fmt: skip


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    state = await open_state(tmp_path / "state.sqlite3", SimulatedClock(NOON))
    signals = [hostile(number, payload) for number, payload in enumerate(PAYLOADS)]
    sources = {
        f"source-{number}": Source(id=f"source-{number}", kind="feeds", name=payload, owner="x")
        for number, payload in enumerate(PAYLOADS)
    }
    healths = [
        Health(
            subject=f"source:source-{number}", feeling=Feeling.UNREACHABLE, reason=payload, since=NOON, checked_at=NOON
        )
        for number, payload in enumerate(PAYLOADS)
    ]
    one = replace(incident("unrest", *signals, state=IncidentState.OPEN), places=tuple(PAYLOADS[:20]))
    lines = [replace(line(f"l{number}", "unrest"), words=payload) for number, payload in enumerate(PAYLOADS)]
    await state.apply(Change(signals=tuple(signals), healths=tuple(healths), incidents=(one,), timeline=tuple(lines)))
    configuration = load_configuration(None)
    shown = Shown(
        state=state, clock=SimulatedClock(NOON), sources=sources, regions=configuration.regions, metrics=lambda: b"",
        masker=configuration.masker(),
    )  # fmt: skip
    server = TestServer(make_web(shown))
    await server.start_server()
    yield str(server.make_url("/"))
    await server.close()
    await state.close()


@pytest.mark.server
@pytest.mark.timeout(120)
@pytest.mark.parametrize("page", ["", "incidents/unrest", "api/v1/signals?limit=1000", "api/v1/incidents/unrest"])
async def test_two_hundred_hostile_texts_in_every_place_of_a_page_run_nowhere(
    url: str, page: str, tmp_path: Path
) -> None:
    assert len(PAYLOADS) == 200
    tree = await tree_of(url + page, tmp_path / "profile")
    assert "source" in tree
    assert 'data-ran="1"' not in tree.partition("<body")[0]
    assert not re.search(r"<a [^>]*href=[\"']?javascript", tree)
    assert not re.search(r"<(script|iframe|object|base|img|form|input|video|svg on)", tree)


@pytest.mark.server
@pytest.mark.timeout(120)
@pytest.mark.parametrize("width", [360, 1200])
async def test_the_page_is_drawn_on_a_phone_and_on_a_desk(url: str, width: int, tmp_path: Path) -> None:
    picture = await picture_of(url, tmp_path / "page.png", tmp_path / "profile", width)
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000
