"""The page: never green without data, never a script from a post, never open by accident."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from monitor.configuration import load_configuration
from monitor.domain.changes import Change
from monitor.domain.health import Feeling, Health
from monitor.domain.kinds import EventKind
from monitor.domain.signals import Hit, Signal
from monitor.history import cell
from monitor.runtime.clock import SimulatedClock
from monitor.store.state import SqlStateStore, open_state
from monitor.web.server import RefusedAddressError, Shown, check_binding, make_web

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
XSS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{7*7}}",
    "</td><svg onload=alert(1)>",
]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStateStore]:
    ledger = await open_state(tmp_path / "state.sqlite3", SimulatedClock(NOON))
    yield ledger
    await ledger.close()


@pytest.fixture
async def client(store: SqlStateStore) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    configuration = load_configuration(None)
    shown = Shown(
        state=store,
        clock=SimulatedClock(NOON),
        sources=configuration.sources,
        regions=configuration.regions,
        metrics=lambda: b"up 1\n",
        mark="DEMO",
    )
    async with TestClient(TestServer(make_web(shown))) as made:
        yield made


def signal(name: str, link: str, words: str) -> Signal:
    return Signal(
        id=name, kind=EventKind.POLICE_DETENTION, regions=("KZ-75",), at=NOON, observed_at=NOON, source=words, witness="w", strength=0.8,
        places=(words,), because=(Hit("r", words, 0, 1),), link=link,
    )  # fmt: skip


async def test_an_empty_page_never_says_that_all_is_well(client: TestClient) -> None:  # type: ignore[type-arg]
    text = await (await client.get("/")).text()
    assert "WE ARE MOSTLY BLIND" in text
    assert "STALE" in text
    assert "DEMO: nothing on this page is happening now" in text


@pytest.mark.parametrize("payload", XSS)
async def test_nothing_from_a_post_becomes_markup(store: SqlStateStore, client: TestClient, payload: str) -> None:  # type: ignore[type-arg]
    await store.apply(Change(signals=(signal("1", payload, payload),)))
    text = await (await client.get("/")).text()
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "<svg onload" not in text
    assert 'href="javascript' not in text
    assert "49" not in text or "{{7*7}}" not in payload


async def test_every_answer_is_guarded(client: TestClient) -> None:  # type: ignore[type-arg]
    for path in ("/", "/api/v1/status", "/metrics", "/health", "/ready", "/nothing", "/api/v1/signals?x=1"):
        answer = await client.get(path)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert (await client.post("/")).status == 405
    assert (await client.get("/", headers={"Host": "evil.example"})).status == 421


async def test_questions_are_answered_and_bad_ones_explained(store: SqlStateStore, client: TestClient) -> None:  # type: ignore[type-arg]
    await store.apply(Change(signals=(signal("1", "https://a.test/", "vlast"),)))
    body = await (await client.get("/api/v1/signals?region=KZ-75&kind=police")).json()
    assert [row["link"] for row in body["signals"]] == ["https://a.test/"]
    bad = await client.get("/api/v1/signals?since=yesterday")
    assert (bad.status, bad.content_type) == (400, "application/problem+json")
    assert (await client.get("/incidents/none")).status == 404


async def test_the_state_of_each_source_is_shown_with_its_reason(store: SqlStateStore, client: TestClient) -> None:  # type: ignore[type-arg]
    health = Health(
        subject="source:vlast",
        feeling=Feeling.UNREACHABLE,
        reason="cannot reach: own line is down",
        since=NOON,
        checked_at=NOON,
    )
    await store.apply(Change(healths=(health,)))
    assert "cannot reach: own line is down" in await (await client.get("/")).text()


def feeling(subject: str, how: Feeling = Feeling.OK, at: datetime = NOON) -> Health:
    return Health(subject=subject, feeling=how, reason="as it is", since=at, checked_at=at)


def hearing(share: float = 1.0, line: Feeling | None = Feeling.OK, at: datetime = NOON) -> tuple[Health, ...]:
    """A service that ran at that moment, with this share of its sources answering."""
    names = [name for name, source in load_configuration(None).sources.items() if source.enabled]
    answering = names[: round(len(names) * share)]
    own = (feeling("line", line, at),) if line else ()
    return (feeling("part:heartbeat", at=at), *own, *(feeling(f"source:{name}", at=at) for name in answering))


async def silence(client: TestClient) -> tuple[set[str], str]:  # type: ignore[type-arg]
    """What the map says of every region, and the first sentence."""
    picture = await (await client.get("/api/v1/status")).json()
    return {tile["said"] for tile in picture["tiles"]}, picture["headline"]


async def test_before_any_host_was_reached_the_line_is_not_called_good(
    store: SqlStateStore, client: TestClient
) -> None:  # type: ignore[type-arg]
    await store.apply(Change(healths=hearing(line=Feeling.UNKNOWN)))
    said, headline = await silence(client)
    assert said == {"not known"}
    assert "NO HOST HAS BEEN REACHED YET" in headline


async def test_silence_is_told_as_silence_only_where_we_hear(store: SqlStateStore, client: TestClient) -> None:  # type: ignore[type-arg]
    await store.apply(Change(healths=hearing()))
    said, headline = await silence(client)
    assert said == {"nothing heard"}
    assert "not calm" not in headline


@pytest.mark.parametrize(
    ("healths", "why"),
    [
        (hearing(0.0), "WE ARE MOSTLY BLIND"),
        (hearing(0.4), "WE ARE MOSTLY BLIND"),
        (hearing(line=Feeling.UNREACHABLE), "OUR OWN LINE IS DOWN"),
        (hearing(line=None), "NOBODY LOOKS AT OUR OWN LINE"),
        ((*hearing(at=NOON - timedelta(hours=3)), feeling("part:heartbeat")), "NOBODY LOOKS AT OUR OWN LINE"),
        (hearing(at=NOON - timedelta(hours=3)), "THE SERVICE DOES NOT RUN"),
        ((), "WE ARE MOSTLY BLIND"),
    ],
    ids=["no source", "few sources", "line down", "line unknown", "collecting died", "all died", "nothing yet"],
)
async def test_while_we_are_blind_no_region_is_called_quiet(
    store: SqlStateStore,
    client: TestClient,  # type: ignore[type-arg]
    healths: tuple[Health, ...],
    why: str,
) -> None:
    await store.apply(Change(healths=healths))
    said, headline = await silence(client)
    assert said == {"not known"}
    assert f"{why}, silence here is not calm" in headline
    page = await (await client.get("/")).text()
    assert "nothing heard" not in page
    assert "We do not hear enough to call this calm" in page


def test_the_page_is_not_opened_to_others_by_accident() -> None:
    check_binding("127.0.0.1", public=False)
    check_binding("0.0.0.0", public=True)
    with pytest.raises(RefusedAddressError, match="no login"):
        check_binding("0.0.0.0", public=False)


@pytest.mark.parametrize("text", ["=1+1", "+7", "-1", "@x", "\tx"])
def test_no_text_becomes_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"
    assert cell(-5) == -5


@pytest.mark.parametrize(("claimed", "words"), [(True, "(officials deny it)"), (False, "(denied)")])
async def test_a_denial_stands_beside_what_is_told(
    store: SqlStateStore,
    client: TestClient,
    claimed: bool,
    words: str,  # type: ignore[type-arg]
) -> None:
    told = replace(signal("1", "https://vlast.kz/1", "задержали"), denied=True, claimed=claimed)
    await store.apply(Change(signals=(told,)))
    assert words in await (await client.get("/")).text()


async def test_private_people_never_reach_the_page(store: SqlStateStore, client: TestClient) -> None:  # type: ignore[type-arg]
    words = "задержан Нурлан Сериков, тел. 8 701 123 45 67"
    told = replace(signal("1", "https://a.test/1", "x"), because=(Hit("r", words, 0, 1),))
    await store.apply(Change(signals=(told,)))
    for path in ("/", "/api/v1/status", "/api/v1/signals"):
        answer = await (await client.get(path)).text()
        assert "Сериков" not in answer
        assert "701" not in answer
    assert "[name]" in await (await client.get("/api/v1/status")).text()


async def test_the_map_knows_a_region_however_much_another_one_says(
    store: SqlStateStore,
    client: TestClient,  # type: ignore[type-arg]
) -> None:
    quiet = replace(signal("q", "https://a.test/", "x"), regions=("KZ-47",), at=NOON - timedelta(hours=1))
    loud = tuple(replace(signal(f"l{n}", "https://a.test/", "x"), at=NOON - timedelta(minutes=1)) for n in range(60))
    await store.apply(Change(signals=(quiet, *loud)))
    picture = await (await client.get("/api/v1/status")).json()
    assert {tile["code"]: tile["said"] for tile in picture["tiles"]}["KZ-47"] == "1 reported"
    assert "61 signals" in picture["headline"]
    assert len(picture["signals"]) == 40
