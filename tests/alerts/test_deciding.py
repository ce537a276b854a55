"""Deciding: independence, windows, hold and clear, one incident per story, and what is owed to whom."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.conditions import level_of
from alerts.evaluate import Evaluator, Turn
from alerts.message import Composer
from alerts.owed import Ledger
from alerts.routes import Destination
from alerts.rules import lint, sentence
from alerts.service import AlertService
from monitor.configuration import Configuration, load_configuration
from monitor.domain.alerts import Level, Reason
from monitor.domain.changes import Change, Query
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.kinds import EventKind
from monitor.domain.rules import Rule
from monitor.domain.signals import Signal, signal_id
from monitor.runtime.clock import SimulatedClock
from tests.fakes.state import MemoryState

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
DETENTION = Rule.model_validate(
    {
        "id": "d",
        "title": "Detentions",
        "severity": "high",
        "when": {"kinds": ["police.detention"], "at_least": 2, "independent_sources": 2},
    }
)


@cache
def configuration() -> Configuration:
    return load_configuration(None)


def told(
    name: str, witness: str, minutes: float = 0, kind: EventKind = EventKind.POLICE_DETENTION, **more: object
) -> Signal:
    at = NOON + timedelta(minutes=minutes)
    values: dict[str, object] = {
        "id": signal_id(name, kind, ("KZ-75",)), "kind": kind, "regions": ("KZ-75",), "at": at, "observed_at": at,
        "source": witness, "witness": witness, "strength": 0.8, "report": name, **more,
    }  # fmt: skip
    return Signal(**values)  # type: ignore[arg-type]


def events(rule: Rule, signals: Sequence[Signal], *, ticks: Sequence[float] = ()) -> list[str]:
    evaluator = Evaluator([rule])
    turns: list[Turn] = []
    for signal in signals:
        turns += evaluator.add(signal, signal.observed_at)
    for minutes in ticks:
        turns += evaluator.tick(NOON + timedelta(minutes=minutes))
    return [turn.event for turn in turns]


def test_two_independent_witnesses_fire() -> None:
    assert events(DETENTION, [told("1", "a"), told("2", "b", 5)]) == ["firing"]


@pytest.mark.parametrize(
    "second",
    [
        told("2", "a", 5),
        told("1", "b", 5, id="another reading of one report"),
        told("2", "b", 5, denied=True),
        told("2", "b", 5, past=True),
        told("2", "b", 5, strength=0.2),
        told("2", "b", 5, at=NOON - timedelta(hours=9)),
        told("2", "b", 5, regions=("KZ-71",)),
    ],
    ids=["same witness", "same report", "denied", "past", "weak", "of other hours", "elsewhere"],
)
def test_what_does_not_corroborate(second: Signal) -> None:
    assert events(DETENTION, [told("1", "a"), second]) == []


@pytest.mark.parametrize("first", [{}, {"denied": True, "claimed": True}])
def test_what_a_report_tells_counts_although_an_official_denies_it_there(first: dict[str, bool]) -> None:
    second = told("2", "b", 5, denied=True, claimed=True)
    assert events(DETENTION, [told("1", "a", **first), second]) == ["firing"]


def test_an_end_that_is_denied_ends_nothing_even_where_it_is_told() -> None:
    rule = Rule.model_validate({**DETENTION.model_dump(), "cleared_by": ["custody.release"]})
    freed = told("3", "c", 6, EventKind.CUSTODY_RELEASE, denied=True, claimed=True)
    assert events(rule, [told("1", "a"), told("2", "b", 5), freed]) == ["firing"]
    assert events(rule, [told("1", "a"), told("2", "b", 5), replace(freed, denied=False)]) == ["firing", "cleared"]


def test_an_alert_must_hold_before_it_fires_and_is_dropped_otherwise() -> None:
    rule = DETENTION.model_copy(update={"hold_minutes": 10})
    signals = [told("1", "a"), told("2", "b", 1)]
    assert events(rule, signals, ticks=[5, 12]) == ["pending", "firing"]
    assert events(rule, signals, ticks=[500]) == ["pending", "dropped"]


def test_an_alert_ends_when_nothing_new_comes() -> None:
    assert events(DETENTION, [told("1", "a"), told("2", "b", 1)], ticks=[60, 182]) == ["firing", "resolved"]


def test_unless_keeps_a_rule_quiet() -> None:
    rule = Rule.model_validate({**DETENTION.model_dump(), "unless": [{"kinds": ["system.own_line_down"]}]})
    down = told("0", "self", 0, EventKind.SYSTEM_OWN_LINE_DOWN)
    assert events(rule, [down, told("1", "a"), told("2", "b", 5)]) == []


@given(st.permutations([told("1", "a"), told("2", "b"), told("3", "c"), told("3", "c")]))
def test_order_and_repeats_within_a_moment_change_nothing(signals: list[Signal]) -> None:
    assert events(DETENTION, signals)[0] == "firing"
    assert events(DETENTION, signals).count("firing") == 1


NATIONAL: Final = EventKind.NET_BLACKOUT_NATIONAL
JOINT = Rule.model_validate(
    {
        "id": "j", "title": "Both", "severity": "critical", "when": {"families": ["assembly"]},
        "also": [{"families": ["net"]}],
    }
)  # fmt: skip


def test_a_rule_may_ask_for_what_was_measured_alone() -> None:
    rule = Rule.model_validate(
        {"id": "m", "title": "M", "severity": "high", "when": {"kinds": [NATIONAL], "measured": True}}
    )
    assert events(rule, [told("1", "outlet", 0, NATIONAL, tier=1, strength=0.99)]) == []
    assert events(rule, [told("1", "probes:national", 0, NATIONAL, source="detect", strength=0.5)]) == ["firing"]
    assert "one measurement within" in sentence(rule)


def test_what_detectors_measure_and_somebody_says_is_confirmed_and_many_networks_are_no_outlet() -> None:
    measured = [told(name, f"probes:{name}", 0, NATIONAL, source="detect", tier=1) for name in ("a", "b", "c")]
    assert level_of(measured) is Level.CORROBORATED
    assert level_of([measured[0], told("1", "channel")]) is Level.CONFIRMED
    assert level_of([told("1", "channel"), told("2", "other"), told("3", "third")]) is Level.CORROBORATED


def test_both_halves_of_a_joint_rule_are_its_evidence_and_raise_its_level() -> None:
    evaluator = Evaluator([JOINT])
    street = told("1", "channel", 0, EventKind.ASSEMBLY_PROTEST)
    cut = told("2", "probes:x", 5, NATIONAL, source="detect")
    assert evaluator.add(street, street.at) == []
    (fired,) = evaluator.add(cut, cut.at)
    assert (fired.event, fired.alert.level) == ("firing", Level.CONFIRMED)
    assert set(fired.alert.signals) == {street.id, cut.id}
    more = told("3", "probes:y", 60, NATIONAL, source="detect")
    (joined,) = evaluator.add(more, more.at)
    assert joined.event == "evidence"
    # The other half supports an alert, and does not make it last.
    assert joined.alert.last_signal_at == fired.alert.last_signal_at


def service(
    rules: Sequence[Rule], clock: SimulatedClock, destinations: Sequence[Destination] | None = None
) -> tuple[AlertService, MemoryState]:
    state = MemoryState()
    ledger = Ledger(destinations or configuration().destinations, Composer(configuration().regions, {}))
    return AlertService(state=state, rules=rules, ledger=ledger, clock=clock), state


async def test_a_change_and_its_message_are_one_transaction() -> None:
    clock = SimulatedClock(NOON + timedelta(minutes=10))
    judging, state = service([DETENTION], clock)
    await judging.catch_up()
    await state.apply(Change(signals=(told("1", "a"), told("2", "b", 5))))
    outcome = await judging.step()
    last = state.changes[-1]
    assert len(last.alerts) == len(last.incidents) == len(last.notifications) == 1
    assert last.checkpoints == {"alerts": 2}
    assert [note.reason for note in outcome.notifications] == [Reason.FIRST]
    assert not (await judging.step()).notifications


async def test_a_restart_tells_nothing_twice() -> None:
    clock = SimulatedClock(NOON + timedelta(minutes=10))
    judging, state = service([DETENTION], clock)
    await judging.catch_up()
    await state.apply(Change(signals=(told("1", "a"), told("2", "b", 5))))
    await judging.step()
    again = AlertService(
        state=state,
        rules=[DETENTION],
        ledger=Ledger(configuration().destinations, Composer(configuration().regions, {})),
        clock=clock,
    )
    await again.catch_up()
    await state.apply(Change(signals=(told("3", "c", 8),)))
    await again.step()
    assert len(await state.incidents(Query())) == 1
    assert len(await state.notifications(Query())) == 1


async def test_five_returns_are_one_incident() -> None:
    clock = SimulatedClock(NOON)
    judging, state = service(configuration().rules, clock)
    await judging.catch_up()
    number = 0

    async def say(minutes: float, kind: EventKind, witness: str) -> None:
        nonlocal number
        number += 1
        clock.move_to(NOON + timedelta(minutes=minutes))
        await state.apply(
            Change(signals=(told(str(number), witness, minutes, kind, regions=("KZ",), tier=1, source=witness),))
        )
        await judging.step()

    await say(0, EventKind.NET_BLACKOUT_NATIONAL, "measurement")
    await say(20, EventKind.NET_BLACKOUT_NATIONAL, "abroad")
    for window in range(5):
        await say(400 + window * 900, EventKind.NET_RESTORED, "measurement")
        await say(640 + window * 900, EventKind.NET_BLACKOUT_NATIONAL, "measurement")
    incidents = [incident for incident in await state.incidents(Query()) if incident.family.value == "net"]
    assert len(incidents) == 1
    story = [entry.event for entry in await state.timeline(incidents[0].id)]
    assert (story.count("cleared"), story.count("again")) == (5, 5)
    assert incidents[0].closed_at is None


async def test_what_flaps_does_not_shout() -> None:
    clock = SimulatedClock(NOON)
    judging, state = service(configuration().rules, clock)
    await judging.catch_up()
    for minute in range(120):
        clock.move_to(NOON + timedelta(minutes=minute))
        kind = EventKind.NET_RESTORED if minute % 2 else EventKind.NET_MOBILE_ONLY
        signals = tuple(told(f"{minute}{name}", name, minute, kind) for name in ("a", "b"))
        await state.apply(Change(signals=signals))
        await judging.step()
    assert len(await state.notifications(Query())) <= 5


def test_every_rule_is_a_sentence_and_holds_its_lint() -> None:
    for rule in configuration().rules:
        assert sentence(rule).startswith("When ")
    assert lint(configuration().rules, {"console", "duty"}) == []


async def test_a_message_says_where_when_and_on_what_it_rests() -> None:
    clock = SimulatedClock(NOON + timedelta(minutes=10))
    languages = [
        Destination(id=language, kind="console", language=language, severity_at_least="low")
        for language in ("ru", "kk", "en")
    ]  # type: ignore[arg-type]
    judging, state = service([DETENTION], clock, languages)
    await judging.catch_up()
    await state.apply(
        Change(
            signals=(told("1", "a", counts={"detained": (20, 20)}), told("2", "b", 5, counts={"detained": (50, None)}))
        )
    )
    notes = {note.receiver: note for note in (await judging.step()).notifications}
    assert "Алматы" in notes["ru"].subject
    assert "20+" in notes["ru"].body
    assert "05.01 17:00" in notes["en"].body
    assert "2026-01-05 12:00 UTC" in notes["en"].body
    assert all(len(note.short) <= 160 for note in notes.values())


async def test_what_was_stored_before_a_crash_and_not_judged_is_judged_after_it() -> None:
    clock = SimulatedClock(NOON + timedelta(minutes=10))
    judging, state = service([DETENTION], clock)
    await state.apply(Change(signals=(told("1", "a"), told("2", "b", 5))))
    await judging.catch_up()
    assert [turn.event for turn in (await judging.step()).turns] == ["firing"]


async def test_what_could_not_be_stored_is_decided_again() -> None:
    clock = SimulatedClock(NOON + timedelta(minutes=10))
    judging, state = service([DETENTION], clock)
    await judging.catch_up()
    await state.apply(Change(signals=(told("1", "a"), told("2", "b", 5))))
    state.refuse = StoreUnavailableError("disk full")
    with pytest.raises(StoreUnavailableError):
        await judging.step()
    state.refuse = None
    await judging.catch_up()
    assert [note.reason for note in (await judging.step()).notifications] == [Reason.FIRST]
