"""One series of anything: cuts found in two samples, quiet where nothing happened, and no look ahead."""

import json
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from monitor.detect.series import Change, SeriesState, step
from monitor.detect.series_file import Row, RowError, changes, step_of
from monitor.domain.measurements import State
from monitor.domain.moments import parse_rfc3339

MONDAY = 1_740_960_000.0
BAD = {State.DEGRADED, State.DOWN}


def made(step_seconds: float, count: int, value: Callable[[float, random.Random], float], seed: int = 1) -> list[Row]:
    dice = random.Random(seed)
    return [(MONDAY + place * step_seconds, value(place * step_seconds, dice)) for place in range(count)]


def ratio(_: float, dice: random.Random) -> float:
    return sum(dice.random() < 0.96 for _ in range(48)) / 48


def traffic(seconds: float, dice: random.Random) -> float:
    day = 0.55 + 0.45 * math.sin((seconds / 3600 - 9) / 24 * 2 * math.pi)
    weekend = 0.75 if (seconds // 86400) % 7 >= 5 else 1.0
    return round(100_000 * day * weekend * math.exp(dice.gauss(0, 0.05)))


def users(seconds: float, dice: random.Random) -> float:
    weekend = 0.75 if (seconds // 86400) % 7 >= 5 else 1.0
    return round(20_000 * weekend * math.exp(dice.gauss(0, 0.06)))


def commuters(seconds: float, dice: random.Random) -> float:
    """Traffic with a rush on working mornings that a weekend does not have."""
    hour, working = (seconds / 3600) % 24, (seconds // 86400) % 7 < 5
    rush = 0.55 * math.exp(-(((hour - 8) / 2.0) ** 2)) if working else 0.0
    day = 0.25 + 0.2 * math.exp(-(((hour - 15) / 5.0) ** 2)) + rush
    return round(20_000 * day * math.exp(dice.gauss(0, 0.06)))


def cut(rows: Sequence[Row], first: int, last: int, share: float = 0.03) -> list[Row]:
    return [
        (at, value * share if first <= place < last and value is not None else value)
        for place, (at, value) in enumerate(rows)
    ]


def alarms(found: Sequence[Change]) -> list[Change]:
    """Changes from well to not well."""
    told, bad = [], False
    for change in found:
        if change.state in BAD and not bad:
            told.append(change)
        bad = change.state in BAD or (bad and change.state is State.INSUFFICIENT)
    return told


@pytest.mark.parametrize("seed", range(2))
def test_weekend_mornings_without_their_rush_are_no_alarm_once_two_weekends_were_seen(seed: int) -> None:
    rows = made(1800, 48 * 49, commuters, seed)
    late = [alarm for alarm in alarms(list(changes(rows))) if alarm.detected_at >= rows[48 * 14][0]]
    assert len(late) <= 1, [(alarm.detected_at - MONDAY) / 86400 for alarm in late]


@pytest.mark.parametrize(
    ("value", "step_seconds", "count", "first", "last"),
    [
        (ratio, 300, 800, 500, 560),
        (ratio, 300, 60, 30, 50),
        (ratio, 3600, 100, 12, 60),
        (traffic, 900, 96 * 21, 96 * 18 + 30, 96 * 18 + 60),
        (traffic, 3600, 24 * 40, 24 * 35 + 10, 24 * 36),
        (traffic, 3600, 24 * 5, 24 * 3 + 10, 24 * 4),
        (users, 86400, 200, 120, 125),
        (users, 86400, 40, 15, 20),
    ],
)
def test_a_cut_is_found_in_two_samples_as_one_incident(
    value: Callable[[float, random.Random], float], step_seconds: float, count: int, first: int, last: int
) -> None:
    rows = made(step_seconds, count, value)
    (alarm,) = [one for one in alarms(list(changes(cut(rows, first, last)))) if one.detected_at >= rows[first][0]]
    assert alarm.state is State.DOWN
    assert alarm.detected_at <= rows[first + 2][0]
    assert alarm.since == rows[first][0]
    end = [one for one in changes(cut(rows, first, last)) if one.state is State.OK][-1]
    assert rows[last][0] <= end.detected_at <= rows[last + 3][0]
    assert end.since == rows[last][0]


@pytest.mark.parametrize(
    ("value", "step_seconds", "days"), [(ratio, 600, 10), (traffic, 3600, 60), (users, 86400, 700)]
)
def test_quiet_series_are_quiet(value: Callable[[float, random.Random], float], step_seconds: float, days: int) -> None:
    false = sum(
        len(alarms(list(changes(made(step_seconds, int(days * 86400 / step_seconds), value, seed))))) for seed in (2, 3)
    )
    assert false <= 1


def test_no_line_rests_on_what_comes_later() -> None:
    rows = cut(made(3600, 300, ratio), 150, 200)
    whole = list(changes(rows))
    for end in range(10, 300, 13):
        seen = list(changes(rows[:end]))
        assert seen == [change for change in whole if change.detected_at <= rows[end - 1][0]]


def test_loss_of_signal_is_flagged_and_is_no_cut() -> None:
    rows: list[Row] = [
        (at, None if 150 <= place < 170 else value) for place, (at, value) in enumerate(made(300, 200, ratio))
    ]
    lost, back = list(changes(rows))[1:]
    assert (lost.state, lost.since, lost.detected_at) == (State.INSUFFICIENT, rows[150][0], rows[151][0])
    assert (back.state, back.detected_at) == (State.OK, rows[170][0])


def test_rows_that_are_absent_are_missing_too() -> None:
    rows = [row for place, row in enumerate(made(300, 200, ratio)) if not 150 <= place < 170]
    assert [change.state for change in changes(rows)] == [State.OK, State.INSUFFICIENT, State.OK]


def test_a_single_missing_sample_is_nothing() -> None:
    rows: list[Row] = [
        (at, None if place % 40 == 39 else value) for place, (at, value) in enumerate(made(300, 400, ratio))
    ]
    assert [change.state for change in changes(rows)] == [State.OK]


def test_silence_does_not_end_a_cut() -> None:
    rows: list[Row] = [
        (at, None if 120 <= place < 150 else value)
        for place, (at, value) in enumerate(cut(made(300, 250, ratio), 100, 200))
    ]
    found = list(changes(rows))
    assert [change.state for change in found] == [State.OK, State.DOWN, State.INSUFFICIENT, State.DOWN, State.OK]
    assert len(alarms(found)) == 1


def test_a_short_series_is_never_called_ok() -> None:
    assert list(changes(made(3600, 5, ratio))) == []


def test_thirty_evenings_of_slow_down_are_as_visible_on_the_thirtieth() -> None:
    rows = made(3600, 24 * 58, traffic)
    slow = [
        (at, value * 0.4 if place >= 24 * 28 and 12 <= place % 24 < 18 and value is not None else value)
        for place, (at, value) in enumerate(rows)
    ]
    found = alarms(list(changes(slow)))
    evenings = {int((change.detected_at - MONDAY) // 86400) for change in found} - set(range(28))
    assert len(evenings) >= 29
    assert 57 in evenings


def test_a_steady_new_level_is_adopted_after_four_weeks_and_nightly_loss_is_not() -> None:
    rows = made(86400, 260, users)
    found = list(changes(cut(rows, 100, 260, share=0.55)))
    assert [change.state for change in found] == [State.OK, State.DEGRADED, State.OK]
    assert 27 <= (found[2].detected_at - found[1].since) / 86400 <= 30


def test_a_blackout_is_never_adopted() -> None:
    assert [change.state for change in changes(cut(made(86400, 260, users), 100, 260))] == [State.OK, State.DOWN]


def test_the_state_is_a_plain_value_and_is_not_changed() -> None:
    before = SeriesState(300.0)
    after, _ = step(before, MONDAY, 1.0)
    assert before == SeriesState(300.0)
    assert after != before


@pytest.mark.parametrize(
    ("intervals", "found"),
    [([300, 301, 299, 300], 300), ([3600, 3600, 7200, 3600], 3600), ([86400], 86400), ([77, 77], 77)],
)
def test_the_step_is_found_from_the_first_rows(intervals: list[float], found: float) -> None:
    times = [0.0]
    for interval in intervals:
        times.append(times[-1] + interval)
    assert step_of(times) == found


def test_times_that_go_back_are_refused() -> None:
    rows = made(300, 20, ratio)
    with pytest.raises(RowError, match="times go back"):
        list(changes([*rows, rows[3]]))


@pytest.mark.shared
def test_every_iranian_province_of_november_2019_is_found_in_two_samples_and_once(shared_data: Path) -> None:
    windows = json.loads((shared_data / "series" / "windows.json").read_text())
    for entry in windows:
        found = alarms(list(changes(prepared(shared_data, entry["series"]))))
        if entry["series"].startswith("monash_ir"):
            (alarm,) = found
            onset = parse_rfc3339(entry["windows"][0][0]).timestamp()
            assert alarm.detected_at <= onset + 2 * 3600, entry["series"]


@pytest.mark.shared
def test_series_without_a_known_cut_stay_below_one_alarm_in_three_months(shared_data: Path) -> None:
    windows = json.loads((shared_data / "series" / "windows.json").read_text())
    for entry in windows:
        if not entry["windows"]:
            rows = prepared(shared_data, entry["series"])
            months = (rows[-1][0] - rows[0][0]) / 86400 / 30
            assert len(alarms(list(changes(rows)))) <= months / 3, entry["series"]


def prepared(shared_data: Path, name: str) -> list[Row]:
    lines = (shared_data / "series" / "prepared" / f"{name}.csv").read_text().splitlines()[1:]
    cells = [line.split(",") for line in lines]
    return [(parse_rfc3339(when).timestamp(), float(value) if value else None) for when, value in cells]
