"""What every state store promises: SQLite always, PostgreSQL where there is one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.domain.agents import Agent, Parcel, Standing
from monitor.domain.alerts import AlertState, IncidentState, NotificationState, Severity
from monitor.domain.changes import AuditEntry, Change, Query, Retention
from monitor.domain.connectivity import Round, Tally
from monitor.domain.health import Feeling
from monitor.domain.kinds import EventKind, Family
from monitor.domain.measurements import Access, Measurement, TcpStep, Vantage
from monitor.domain.reports import Deletion, Media
from monitor.runtime.clock import SimulatedClock
from monitor.store.sql_state import SqlStateStore
from monitor.store.state import open_state
from tests.contract.postgresql import database, server  # noqa: F401 - fixtures
from tests.store.cast import MINUTE, NOON, alert, health, incident, line, message, report, signal, tried

Opener = Callable[[], Awaitable[SqlStateStore]]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "state.sqlite")
    found: str = request.getfixturevalue("database")
    return found


@pytest.fixture
async def store(address: str, clock: SimulatedClock) -> AsyncIterator[SqlStateStore]:
    opened = await open_state(address, clock)
    yield opened
    await opened.close()


async def test_a_signal_comes_back_as_it_went_in(store: SqlStateStore) -> None:
    found = signal(report("1"), denied=True, claimed=True, past=True, title="Митинг")
    await store.apply(Change(signals=(found,)))
    assert await store.signals(Query()) == [found]
    assert [entry for _, entry in await store.journal(0)] == [found]


async def test_a_report_read_again_changes_its_signals_in_their_place(store: SqlStateStore) -> None:
    one, two, held, new = (signal(report(name)) for name in ("1", "2", "3", "4"))
    await store.apply(Change(signals=(one, two, held), incidents=(incident("unrest", held),)))
    numbers = [number for number, _ in await store.journal(0)]
    better = replace(one, strength=0.4, denied=True, counts={"detained": (3, None)})
    change = Change(signals=(new,), reread=(better, replace(two, id="unknown")), withdrawn=(two.id, held.id))
    for _ in range(2):
        await store.apply(change)
    journal = await store.journal(0)
    assert [entry for _, entry in journal] == [better, held, new]
    assert [number for number, _ in journal][:2] == [numbers[0], numbers[2]]


async def test_alerts_incidents_lines_and_messages_come_back_as_they_went_in(store: SqlStateStore) -> None:
    found = signal(report("1"))
    followed, told = incident("unrest", found), message("m1", claimed_by=None)
    holding, story = alert("a1", incident="unrest", signals=(found.id,)), line("l1", "unrest")
    await store.apply(Change(incidents=(followed,), alerts=(holding,), timeline=(story,), notifications=(told,)))
    assert await store.incidents(Query()) == [followed]
    assert await store.alerts(Query()) == [holding]
    assert await store.timeline("unrest") == [story]
    assert await store.notifications(Query(ids=("unrest",))) == [told]


async def test_the_same_change_twice_is_stored_once(store: SqlStateStore) -> None:
    said = report("1")
    note = AuditEntry(at=NOON, actor="pipeline", action="set aside", subject="x")
    change = Change(
        reports=(said, said),
        signals=(signal(said),),
        cursors={"azattyq": "7"},
        notifications=(message("m1"),),
        incidents=(incident("unrest", signal(said)),),
        timeline=(line("l1", "unrest"),),
        audit=(note,),
    )
    for _ in range(3):
        await store.apply(change)
    assert (await store.reports(Query()))[0].versions == 1
    assert len(await store.journal(0)) == len(await store.timeline("unrest")) == len(await store.audit()) == 1
    assert len(await store.owed(NOON)) == 1


async def test_every_wording_is_kept_and_the_latest_is_shown(store: SqlStateStore) -> None:
    first, second = report("1", "Задержаны трое"), report("1", "Задержаны пятеро", NOON + MINUTE, edited=True)
    await store.apply(Change(reports=(first,)))
    await store.apply(Change(reports=(second,)))
    (shown,) = await store.reports(Query())
    assert (shown.text, shown.versions, shown.edited) == ("Задержаны пятеро", 2, True)
    assert await store.known_versions([first.version, second.version, "0" * 32]) == {first.version, second.version}


async def test_a_wording_seen_earlier_does_not_replace_a_later_one(store: SqlStateStore) -> None:
    await store.apply(Change(reports=(report("1", "later", NOON + MINUTE), report("1", "earlier", NOON))))
    (shown,) = await store.reports(Query())
    assert (shown.text, shown.versions) == ("later", 2)


async def test_a_deletion_marks_and_removes_nothing(store: SqlStateStore) -> None:
    await store.apply(Change(reports=(report("1"),)))
    for minutes in (5, 9):
        gone = Deletion(
            source="azattyq", origin="telegram:azattyq", key="1", observed_at=NOON + timedelta(minutes=minutes)
        )
        await store.apply(Change(deletions=(gone,)))
    (shown,) = await store.reports(Query())
    assert shown.deleted_at == NOON + 5 * MINUTE
    assert shown.text == report("1").text


async def test_poison_texts_are_stored_without_what_databases_refuse(store: SqlStateStore) -> None:
    said = report("1\0\udcff", "a\0b\ud800c\U0001f525", title="\ud83d", media=(Media("poll", {"q": "\ud800\0"}),))
    found = replace(signal(said), witness="\udcff\0", title="\0")
    await store.apply(Change(reports=(said,), signals=(found,)))
    (shown,) = await store.reports(Query())
    assert shown.text == "a\ufffdb\ufffdc\U0001f525"
    assert shown.id == said.id
    assert (await store.signals(Query()))[0].title == "\ufffd"


async def test_cursors_move_and_are_forgotten(store: SqlStateStore) -> None:
    await store.apply(Change(cursors={"a": "1", "b": "1"}))
    await store.apply(Change(cursors={"a": "2"}, forgotten_cursors=("b",)))
    assert [await store.cursor(source) for source in ("a", "b", "c")] == ["2", None, None]


async def test_a_checkpoint_never_goes_back(store: SqlStateStore) -> None:
    assert await store.checkpoint("alerts") == 0
    for reached in (5, 9, 7):
        await store.apply(Change(checkpoints={"alerts": reached}))
    assert await store.checkpoint("alerts") == 9


async def test_the_journal_goes_on_behind_a_number_and_only_grows(store: SqlStateStore) -> None:
    for key in "abc":
        await store.apply(Change(signals=(signal(report(key)),)))
    numbers = [number for number, _ in await store.journal(0)]
    assert numbers == sorted(set(numbers))
    assert [number for number, _ in await store.journal(numbers[0], limit=1)] == numbers[1:2]


async def test_nobody_sees_a_number_before_a_smaller_one(address: str, clock: SimulatedClock) -> None:
    stores = [await open_state(address, clock) for _ in range(3)]
    seen: list[int] = []

    async def say(store: SqlStateStore, name: int) -> None:
        for count in range(8):
            await store.apply(Change(signals=(signal(report(f"{name}-{count}")),)))
            fresh = [number for number, _ in await store.journal(max(seen, default=0))]
            seen.extend(fresh)

    async with asyncio.TaskGroup() as group:
        for name, store in enumerate(stores):
            group.create_task(say(store, name))
    assert set(seen) == {number for number, _ in await stores[0].journal(0)}
    for store in stores:
        await store.close()


async def test_signals_are_found_by_time_region_kind_family_and_source(store: SqlStateStore) -> None:
    here, there = signal(report("1")), signal(report("2", at=NOON + MINUTE), EventKind.LABOUR_STRIKE, ("KZ-47",))
    everywhere = signal(report("3", at=NOON + 2 * MINUTE), EventKind.STATE_EMERGENCY, ("KZ",))
    await store.apply(Change(signals=(here, there, everywhere)))
    assert await store.signals(Query(newest_first=False)) == [here, there, everywhere]
    assert await store.signals(Query(regions=("KZ-75",))) == [everywhere, here]
    assert await store.signals(Query(kinds=(EventKind.LABOUR_STRIKE,), families=(Family.POLICE,))) == [there, here]
    assert await store.signals(Query(since=NOON, until=NOON + MINUTE)) == [here]
    assert await store.signals(Query(sources=("nobody",))) == []
    assert await store.signals(Query(ids=(there.id,))) == [there]
    assert await store.signals(Query(limit=1)) == [everywhere]


async def test_reports_are_found_by_what_was_found_in_them(store: SqlStateStore) -> None:
    said, other = report("1"), report("2", "Погода")
    await store.apply(Change(reports=(said, other), signals=(signal(said),)))
    assert [found.key for found in await store.reports(Query(regions=("KZ-75",)))] == ["1"]
    assert [found.key for found in await store.reports(Query(families=(Family.LABOUR,)))] == []


async def test_open_only_leaves_out_what_has_ended(store: SqlStateStore) -> None:
    ended = incident("old", state=IncidentState.CLOSED, closed_at=NOON)
    await store.apply(
        Change(
            incidents=(incident("new", regions=("KZ",)), ended),
            alerts=(alert("a"), alert("b", AlertState.RESOLVED, region="KZ")),
        )
    )
    assert [found.id for found in await store.incidents(Query(open_only=True, regions=("KZ-10",)))] == ["new"]
    assert [found.id for found in await store.alerts(Query(open_only=True))] == ["a"]
    assert [found.id for found in await store.alerts(Query(regions=("KZ-10",), families=(Family.POLICE,)))] == ["b"]


async def test_an_incident_has_its_latest_value(store: SqlStateStore) -> None:
    await store.apply(Change(incidents=(incident("unrest"),)))
    grown = incident("unrest", signal(report("1")), signal(report("2")))
    await store.apply(Change(incidents=(grown,)))
    assert await store.incidents(Query(ids=("unrest",))) == [grown]


async def test_health_is_the_latest_by_subject(store: SqlStateStore) -> None:
    await store.apply(Change(healths=(health("source:b"), health("line"))))
    worse = health("line", Feeling.UNREACHABLE, NOON + MINUTE)
    await store.apply(Change(healths=(worse,)))
    assert await store.healths() == [worse, health("source:b")]
    changes = await store.health_history("line")
    assert [(since, feeling) for since, feeling, _ in changes] == [
        (NOON + MINUTE, Feeling.UNREACHABLE),
        (NOON, Feeling.OK),
    ]


async def test_messages_are_owed_by_severity_then_age_once_they_are_due(store: SqlStateStore) -> None:
    mild, late = message("mild", severity=Severity.LOW), message("late", due_at=NOON + MINUTE)
    newer, older = message("newer", created_at=NOON + MINUTE), message("older")
    taken = message("taken", state=NotificationState.CLAIMED, claimed_by="me", claimed_until=NOON + MINUTE)
    await store.apply(Change(notifications=(mild, late, newer, older, taken)))
    assert [owed.id for owed in await store.owed(NOON)] == ["older", "newer", "mild"]
    assert [owed.id for owed in await store.owed(NOON + MINUTE, limit=3)] == ["late", "older", "taken"]


async def test_of_many_that_try_one_gets_the_message(address: str, clock: SimulatedClock) -> None:
    stores = [await open_state(address, clock) for _ in range(3)]
    await stores[0].apply(Change(notifications=tuple(message(f"m{number}") for number in range(10))))
    for number in range(10):
        tries = [
            store.claim(f"m{number}", f"{who}", NOON, NOON + MINUTE) for who, store in enumerate(stores) for _ in "ab"
        ]
        assert sum(await asyncio.gather(*tries)) == 1
    assert await stores[0].owed(NOON) == []
    for store in stores:
        await store.close()


async def test_messages_to_receivers_that_are_busy_are_left(store: SqlStateStore) -> None:
    await store.apply(Change(notifications=(replace(message("m1"), receiver="slow"), message("m2"))))
    (taken,) = await store.claim_due("me", NOON, NOON + MINUTE, besides=["slow"])
    assert (taken.id, taken.claimed_until) == ("m2", NOON + MINUTE)
    assert [one.id for one in await store.claim_due("me", NOON, NOON + MINUTE)] == ["m1"]


async def test_a_lapsed_claim_may_be_taken_over_and_a_future_message_not(store: SqlStateStore) -> None:
    await store.apply(Change(notifications=(message("m"), message("later", due_at=NOON + MINUTE))))
    assert await store.claim("m", "first", NOON, NOON + MINUTE)
    assert not await store.claim("m", "second", NOON, NOON + MINUTE)
    assert await store.claim("m", "second", NOON + MINUTE, NOON + 2 * MINUTE)
    assert not await store.claim("later", "first", NOON, NOON + MINUTE)
    assert not await store.claim("no such", "first", NOON, NOON + MINUTE)


async def test_a_sent_message_is_sent_for_good_and_its_tries_are_kept(store: SqlStateStore) -> None:
    await store.apply(Change(notifications=(message("m"),)))
    failed, sent = tried("m", error="no answer"), tried("m", NOON + MINUTE)
    await store.mark_failed("m", failed, NOON + MINUTE)
    assert await store.owed(NOON) == []
    assert (await store.owed(NOON + MINUTE))[0].last_error == "no answer"
    await store.mark_sent("m", sent)
    await store.mark_sent("m", sent)
    await store.mark_failed("m", tried("m", NOON + 2 * MINUTE, "late"), NOON)
    (told,) = await store.notifications(Query())
    assert (told.state, told.sent_at, told.attempts) == (NotificationState.SENT, NOON + MINUTE, 3)
    assert [attempt.succeeded for attempt in await store.attempts("m")] == [False, True, False]


async def test_a_message_without_another_try_is_parked(store: SqlStateStore) -> None:
    await store.apply(Change(notifications=(message("m"),)))
    await store.mark_failed("m", tried("m", error="refused"), None)
    assert (await store.notifications(Query()))[0].state is NotificationState.PARKED
    assert await store.owed(NOON + timedelta(days=9)) == []
    with pytest.raises(LookupError):
        await store.mark_sent("nobody's", tried("nobody's"))


async def test_retention_takes_texts_then_records_and_leaves_what_an_incident_holds(store: SqlStateStore) -> None:
    plain, held = report("plain", title="Заголовок"), report("held")
    finding, evidence = signal(plain), signal(held)
    await store.apply(
        Change(reports=(plain, held), signals=(finding, evidence), incidents=(incident("unrest", evidence),))
    )
    pruned = await store.prune(NOON + timedelta(days=31), Retention())
    assert (pruned.texts, pruned.records) == (1, 0)
    texts = {found.key: (found.title, found.text) for found in await store.reports(Query())}
    assert texts == {"plain": (None, None), "held": (None, held.text)}
    wiped = {found.id: found.because[0].words for found in await store.signals(Query())}
    assert wiped == {finding.id: "", evidence.id: "задержаны"}
    assert (await store.prune(NOON + timedelta(days=731), Retention())).records == 2
    assert [found.key for found in await store.reports(Query())] == ["held"]
    assert await store.signals(Query()) == [evidence]


async def test_retention_ends_closed_incidents_with_their_story_and_lets_go(store: SqlStateStore) -> None:
    said = report("1")
    closed = incident("unrest", signal(said), state=IncidentState.CLOSED, closed_at=NOON)
    await store.apply(
        Change(
            reports=(said,),
            signals=(signal(said),),
            incidents=(closed, incident("open")),
            alerts=(alert("a", AlertState.RESOLVED, incident="unrest"),),
            timeline=(line("l", "unrest"),),
            notifications=(message("m"),),
        )
    )
    await store.mark_sent("m", tried("m"))
    pruned = await store.prune(NOON + timedelta(days=4000), Retention())
    assert (pruned.incidents, pruned.texts) == (1, 1)
    assert [found.id for found in await store.incidents(Query())] == ["open"]
    assert not [*await store.alerts(Query()), *await store.timeline("unrest"), *await store.notifications(Query())]
    assert await store.reports(Query()) == []


async def test_the_audit_is_a_chain_that_holds(store: SqlStateStore) -> None:
    for number in range(5):
        await store.apply(
            Change(audit=(AuditEntry(at=NOON, actor="operator", action="acknowledged", subject=str(number)),))
        )
    verdict = await store.verify_audit()
    assert (verdict.entries, verdict.broken_at) == (5, None)
    assert [entry.subject for entry in await store.audit(limit=2)] == ["4", "3"]


async def test_what_is_stored_is_there_after_opening_again_and_for_readers(address: str, clock: SimulatedClock) -> None:
    store = await open_state(address, clock)
    await store.apply(Change(reports=(report("1"),)))
    beside = await open_state(address, read_only=True)
    assert len(await beside.reports(Query())) == 1
    await beside.close()
    await store.close()
    await store.close()
    after = await open_state(address, read_only=True)
    assert len(await after.reports(Query())) == 1
    await after.close()


def agent(name: str = "kz-1", key: str = "aa") -> Agent:
    vantage = Vantage(id=name, asn=29355, operator="kcell", region="KZ-75", access=Access.MOBILE)
    return Agent(id=name, key=key * 32, vantage=vantage, place=(76.94, 43.24), enrolled_at=NOON, sensitive=("tor",))


def parcel(sequence: int, attempt: int, **standing: int) -> Parcel:
    reached = Standing(floor_attempt=attempt, last_heard_at=NOON, **standing)  # type: ignore[arg-type]
    return Parcel(
        agent="kz-1", sequence=sequence, attempt=attempt, digest=f"d{sequence}", received_at=NOON, rows=3, standing=reached
    )  # fmt: skip


async def test_an_agent_is_admitted_once_and_revoked_for_good(store: SqlStateStore) -> None:
    assert await store.admit(agent())
    assert await store.admit(agent())
    assert not await store.admit(agent(key="bb"))
    assert await store.agent("kz-1") == (agent(), Standing())
    assert await store.agent("kz-9") is None
    assert [await store.revoke("kz-1", NOON) for _ in range(2)] == [True, False]
    ((found, _),) = await store.agents()
    assert found == replace(agent(), revoked_at=NOON)


async def test_a_parcel_is_stored_once_and_an_older_attempt_undoes_nothing(store: SqlStateStore) -> None:
    await store.admit(agent())
    for taken in (parcel(2, 5, floor=1, dropped_rows=7), parcel(1, 4), parcel(2, 9, floor=9)):
        await store.apply(Change(parcels=(taken,)))
    assert await store.parcels("kz-1", [1, 2, 3]) == {1: "d1", 2: "d2"}
    assert [await store.attempt_seen("kz-1", attempt) for attempt in (4, 5, 9)] == [True, True, False]
    ((_, standing),) = await store.agents()
    assert (standing.floor, standing.floor_attempt) == (9, 9)


async def test_retention_forgets_parcels_that_their_agent_holds_no_more(store: SqlStateStore) -> None:
    await store.admit(agent())
    await store.apply(Change(parcels=(parcel(1, 1), parcel(2, 2, floor=1), parcel(3, 3, floor=1))))
    await store.prune(NOON + timedelta(days=31), Retention())
    assert sorted(await store.parcels("kz-1", [1, 2, 3])) == [2, 3]


async def test_what_was_measured_is_kept_whole_once_and_in_order(store: SqlStateStore) -> None:
    step = TcpStep(host="a.test", address="192.0.2.1:443", family=4, took_seconds=0.25)
    vantage = Vantage(id="a", region="KZ-75", operator="alma")
    early, late = (
        Measurement(id=f"m{minute}", target="t", service="s", url="tcp://a.test:443", vantage=vantage,
                    started_at=NOON + MINUTE * minute, steps=(step,))
        for minute in (1, 9)
    )  # fmt: skip
    found = Round(at=NOON, tallies=(Tally(operator="alma", access=Access.MOBILE, total=6, up=5, asked=6, vantages=2),))
    for _ in range(2):
        await store.apply(Change(measured=(late, found, early)))
    rows = await store.measured(0)
    assert [one for _, one in rows] == [late, found, early]
    assert [one for _, one in await store.measured(rows[0][0], 1)] == [found]
    assert await store.measured_between(NOON, NOON + MINUTE * 9) == [early]
    await store.prune(NOON + timedelta(days=3), Retention(measurements=timedelta(days=2)))
    assert await store.measured(0) == []


async def test_what_a_reader_remembers_comes_back_and_is_forgotten_when_let_go(store: SqlStateStore) -> None:
    await store.apply(Change(memories={"net.a": "1", "net.b": "2", "netxc": "3"}))
    await store.apply(Change(memories={"net.a": None, "net.b": '{"later":true}'}))
    assert await store.memories("net.") == {"net.b": '{"later":true}'}
    assert await store.memories("other") == {}
