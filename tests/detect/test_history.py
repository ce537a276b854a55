"""Late uploads: the past is re-scored, amended for all to see, and pages nobody."""

import random
from dataclasses import replace
from datetime import timedelta

from monitor.detect.detector import NetworkDetector
from monitor.detect.history import HistoryState, News, joined
from monitor.domain.connectivity import Round
from monitor.domain.kinds import EventKind
from tests.detect.cast import OPERATORS, SETTINGS, all_outages, at, down, rounds


def a_day_with_two_cuts() -> list[Round]:
    return [
        *rounds(0, 300),
        *rounds(300, 420, down(*OPERATORS)),
        *rounds(420, 900),
        *rounds(900, 960, down("alma", "beta", "ceta", up=1)),
        *rounds(960, 1440),
    ]


def test_a_backfill_in_random_order_ends_where_the_rounds_in_order_would() -> None:
    day = a_day_with_two_cuts()
    in_order, _ = joined(HistoryState(), day, at(1440), SETTINGS)
    shuffled = random.Random(5).sample(day, len(day))
    state = HistoryState()
    for place in range(0, len(shuffled), 90):
        state, _ = joined(state, shuffled[place : place + 90], at(1440), SETTINGS)
    assert state.now == in_order.now
    assert state.rounds == in_order.rounds
    assert len([outage for outage in all_outages(state.now) if outage.entity == "national"]) == 2


def test_a_backfilled_day_pages_nobody_about_the_past() -> None:
    before = rounds(-600, 0)
    live = rounds(1440, 1500)
    state, _ = joined(HistoryState(), [*before, *live], at(1500), SETTINGS)
    late = random.Random(6).sample(a_day_with_two_cuts(), 720)
    state, told = joined(state, late, at(1500), SETTINGS)
    assert told
    assert all(one.past for one in told)
    detector = NetworkDetector(SETTINGS)
    first, _ = joined(HistoryState(), [*before, *live], at(1500), SETTINGS)
    _, signals = detector.step_all(first, late, at(1500))
    assert signals
    assert all(signal.past for signal in signals)


def test_a_late_round_amends_the_onset_visibly() -> None:
    seen = [*rounds(0, 300), *rounds(320, 360, down(*OPERATORS))]
    state, told = joined(HistoryState(), seen, at(360), SETTINGS)
    assert [one.news for one in told] == [News.BEGAN]
    assert told[0].outage.onset == at(320)
    state, told = joined(state, rounds(300, 320, down(*OPERATORS)), at(362), SETTINGS)
    (amended,) = told
    assert amended.news is News.AMENDED
    assert amended.past
    assert amended.before is not None
    assert (amended.before.onset, amended.outage.onset) == (at(320), at(300))


def test_what_late_data_disprove_is_withdrawn_and_said_so() -> None:
    state, _ = joined(HistoryState(), [*rounds(0, 300), *rounds(300, 330, down(*OPERATORS))], at(330), SETTINGS)
    state, told = joined(state, rounds(300, 330), at(332), SETTINGS)
    assert [one.news for one in told] == [News.WITHDRAWN]
    assert all_outages(state.now) == []


def test_a_late_round_about_what_lasts_still_tells_of_it_now() -> None:
    seen = [*rounds(0, 300), *rounds(300, 304, down(*OPERATORS))]
    state, told = joined(HistoryState(), seen, at(304), SETTINGS)
    assert not told
    state, told = joined(state, rounds(301, 306, down(*OPERATORS), every=1.0), at(306), SETTINGS)
    assert [(one.news, one.past) for one in told] == [(News.BEGAN, False)]


def test_a_round_older_than_what_is_kept_is_counted_and_not_used() -> None:
    state, _ = joined(HistoryState(), rounds(0, 6 * 1440, every=30), at(6 * 1440), SETTINGS)
    again, told = joined(state, rounds(10, 11, down(*OPERATORS)), at(6 * 1440), SETTINGS)
    assert not told
    assert again.refused == 1
    assert again.now == state.now


def test_the_end_is_told_once_and_only_the_whole_end_is_an_all_clear() -> None:
    detector = NetworkDetector(SETTINGS)
    state, signals = detector.step_all(HistoryState(), [*rounds(0, 300), *rounds(300, 330, down(*OPERATORS))], at(330))
    assert [signal.kind for signal in signals] == [EventKind.NET_BLACKOUT_NATIONAL]
    assert "0 of 48 targets up" in (signals[0].title or "")
    assert "onset after 2026-03-02T04:58:00Z, by 2026-03-02T05:00:00Z" in (signals[0].title or "")
    state, signals = detector.step_all(state, rounds(330, 350), at(350))
    assert [signal.kind for signal in signals] == [EventKind.NET_RESTORED]
    state, signals = detector.step_all(state, rounds(350, 380, down("alma")), at(380))
    assert [signal.kind for signal in signals] == [EventKind.NET_OUTAGE]
    state, signals = detector.step_all(state, rounds(380, 400), at(400))
    assert [(signal.kind, signal.past) for signal in signals] == [(EventKind.NET_OUTAGE, True)]


def test_the_same_rounds_twice_tell_nothing_new() -> None:
    day = a_day_with_two_cuts()
    state, _ = joined(HistoryState(), day, at(1440), SETTINGS)
    again, told = joined(state, day[-100:], at(1440) + timedelta(minutes=1), SETTINGS)
    assert not told
    assert again.now == replace(state.now)
