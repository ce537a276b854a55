"""Fusion, silence, local cuts, schedules of openings, and what only looks like a shutdown."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.detect.fusion import Claim, Judgement, Quality, fused, weight_against, weight_for
from monitor.detect.local_cut import LocalCut, Presence, contains, local_cut
from monitor.detect.look_alikes import Notice, routing_of, with_cause, with_routing
from monitor.detect.openings import NO_PATTERN, schedule
from monitor.detect.silence import Silence, SilenceState, poisson_at_most, windowed
from monitor.domain.connectivity import (
    Cause,
    Certainty,
    Degree,
    EvidenceFamily,
    Outage,
    OutageKind,
    Routing,
    Scope,
    degree_of,
    event_kind,
)
from monitor.domain.kinds import EventKind
from tests.detect.cast import at

OWN, INSIDE = EvidenceFamily.OWN_ACTIVE, EvidenceFamily.INSIDE
TRAFFIC, ROUTING, REPORTS = EvidenceFamily.TRAFFIC, EvidenceFamily.ROUTING, EvidenceFamily.REPORTS


def claim(family: EvidenceFamily, active: bool | None, name: str = "", lag_minutes: float = 30) -> Claim:
    quality = Quality(found_ratio=0.95, false_ratio=0.001, lag=timedelta(minutes=lag_minutes))
    return Claim(source=name or family.value, family=family, active=active, quality=quality)


def judged(*claims: Claim, minutes: float = 10, cause: Cause = Cause.UNKNOWN) -> Judgement:
    return fused(claims, at(0), at(minutes), cause)


def test_nothing_that_shows_it_is_insufficient() -> None:
    assert judged(claim(TRAFFIC, None)).certainty is Certainty.INSUFFICIENT


def test_one_source_is_suspected_at_most() -> None:
    assert judged(claim(OWN, True)).certainty is Certainty.SUSPECTED


def test_one_family_never_confirms_however_many_of_it_agree() -> None:
    many = [claim(OWN, True, f"operator-{number}") for number in range(20)]
    judgement = judged(*many)
    assert judgement.certainty is not Certainty.CONFIRMED
    assert sum(judgement.parts.values()) == pytest.approx(5.5)


def test_two_families_are_likely_and_with_a_second_source_each_confirmed() -> None:
    assert judged(claim(OWN, True), claim(INSIDE, True)).certainty is Certainty.LIKELY
    more = [claim(OWN, True, "a"), claim(OWN, True, "b"), claim(INSIDE, True, "c"), claim(INSIDE, True, "d")]
    judgement = judged(*more)
    assert judgement.certainty is Certainty.CONFIRMED
    assert judgement.families == (INSIDE, OWN)
    assert (judgement.asked, judgement.of) == (4, 4)


def test_a_source_that_is_not_due_yet_says_nothing() -> None:
    early = judged(claim(OWN, True), claim(TRAFFIC, False, lag_minutes=30), minutes=10)
    late = judged(claim(OWN, True), claim(TRAFFIC, False, lag_minutes=30), minutes=40)
    assert "traffic" not in early.parts
    assert late.parts["traffic"] == pytest.approx(-2.0)


def test_prefixes_that_stay_announced_hardly_speak_against_a_cut() -> None:
    assert judged(claim(OWN, True), claim(ROUTING, False), minutes=60).parts["routing"] == pytest.approx(-0.5)


def test_a_source_without_data_is_no_no() -> None:
    assert judged(claim(OWN, True), claim(TRAFFIC, None), minutes=600).parts.keys() == {"own_active"}


def test_a_power_cut_that_somebody_named_is_never_confirmed_as_a_shutdown() -> None:
    shown = [claim(family, True, f"{family}-{place}") for family in (OWN, INSIDE, TRAFFIC) for place in (1, 2)]
    assert judged(*shown).certainty is Certainty.CONFIRMED
    assert judged(*shown, cause=Cause.POWER).certainty is Certainty.LIKELY


def test_weights_are_capped() -> None:
    perfect = Quality(found_ratio=0.999999, false_ratio=0.0)
    assert weight_for(perfect) == 4.0
    assert weight_against(Quality(found_ratio=0.5, false_ratio=0.01)) == pytest.approx(-0.683, abs=0.01)


def heard(
    counts: list[int], state: SilenceState | None = None, first_hour: int = 0
) -> tuple[SilenceState, list[Silence]]:
    state, found = state or SilenceState(), []
    for place, count in enumerate(counts):
        state, news = windowed(state, (first_hour + place) * 3600.0, count)
        found += [news] if news else []
    return state, found


def test_a_busy_subject_is_missed_after_two_silent_hours() -> None:
    state, found = heard([9, 8, 10, 9] * 24)
    assert not found
    state, (silence,) = heard([0, 0], state, 96)
    assert (silence.began, silence.since, silence.detected_at) == (True, 96 * 3600.0, 97 * 3600.0)
    assert silence.chance < 1e-3


def test_one_that_seldom_speaks_takes_longer_to_be_missed() -> None:
    state, found = heard([2, 1, 1, 2] * 24)
    state, found = heard([0] * 12, state, 96)
    (silence,) = found
    assert silence.detected_at - silence.since >= 3 * 3600


def test_a_silence_is_never_learnt_as_usual() -> None:
    state, _ = heard([9] * 96)
    state, found = heard([0] * 24 * 30, state, 96)
    assert len(found) == 1
    assert state.usual[5] == pytest.approx(9.0)
    state, (back,) = heard([8], state, 96 + 720)
    assert not back.began


def test_a_schedule_that_is_known_needs_no_learning() -> None:
    state, _ = windowed(SilenceState(), 0.0, 0, scheduled=30.0)
    _, silence = windowed(state, 3600.0, 0, scheduled=30.0)
    assert silence is not None


def test_poissons_tail_is_right() -> None:
    assert poisson_at_most(0, 7.0) == pytest.approx(9.12e-4, rel=1e-2)
    assert poisson_at_most(5, 5.0) == pytest.approx(0.616, rel=1e-2)


SQUARE = ((76.94, 43.23), (76.96, 43.23), (76.96, 43.25), (76.94, 43.25))


def crowd(inside: int, outside: int, quiet: set[int], spread_minutes: float = 1.0) -> list[Presence]:
    """Members 0..inside-1 stand in the square, the rest elsewhere; `quiet` were last heard an hour ago."""
    return [
        Presence(
            member=f"m{number}",
            heard_at=at(-60 + number * spread_minutes) if number in quiet else at(-1),
            every=timedelta(minutes=5),
            longitude=76.95 if number < inside else 76.80,
            latitude=43.24,
        )
        for number in range(inside + outside)
    ]


def cut(presences: list[Presence]) -> LocalCut | None:
    return local_cut("Republic Square", SQUARE, presences, at(0))


def test_those_on_a_square_go_quiet_together() -> None:
    found = cut(crowd(6, 20, set(range(6))))
    assert found is not None
    assert (found.quiet, found.inside, found.others_quiet, found.others) == (6, 6, 0, 20)
    assert (found.onset_earliest, found.onset_latest) == (at(-60), at(-55))


@pytest.mark.parametrize(
    ("presences", "why"),
    [
        (crowd(6, 20, {0, 1}), "two are no crowd"),
        (crowd(6, 20, set(range(26))), "everybody is quiet: not local"),
        (crowd(6, 20, set(range(6)), spread_minutes=9), "not together"),
        (crowd(6, 3, set(range(6))), "too few others to compare with"),
        (crowd(20, 20, set(range(5))), "most of the square is heard"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_this_is_no_local_cut(presences: list[Presence], why: str) -> None:
    assert cut(presences) is None, why


def test_a_point_is_inside_or_not() -> None:
    assert contains(SQUARE, 76.95, 43.24)
    assert not contains(SQUARE, 76.97, 43.24)


def outage(first: float, last: float | None = None, **changes: object) -> Outage:
    usual: dict[str, object] = {
        "entity": "national",
        "scope": Scope.NATIONAL,
        "kind": OutageKind.FULL,
        "regions": ("KZ",),
        "loss_ratio": 1.0,
        "onset": at(first),
        "onset_earliest": at(first - 2),
        "onset_latest": at(first),
        "detected_at": at(first + 4),
        "ended": None if last is None else at(last),
    }
    return Outage(**{**usual, **changes})  # type: ignore[arg-type]


def hours(*windows: tuple[float, float]) -> list[Outage]:
    """Outages between these windows (hours since the start)."""
    edges = [0.0, *(edge for window in windows for edge in window)]
    return [outage(first * 60, last * 60) for first, last in zip(edges[::2], edges[1::2], strict=False)] + [
        outage(edges[-1] * 60)
    ]


def test_openings_are_kept_and_there_is_no_pattern_before_there_is_one() -> None:
    found = schedule(hours((17.5, 22), (34.5, 38)), at(50 * 60), ZoneInfo("Asia/Almaty"))
    assert len(found.openings) == 2
    assert found.pattern is None
    assert found.words == NO_PATTERN


def test_three_days_at_the_same_hour_are_a_pattern_with_a_forecast() -> None:
    found = schedule(hours((17.5, 22), (50.5, 54), (74.6, 78), (98.4, 102)), at(103 * 60), ZoneInfo("Asia/Almaty"))
    assert found.pattern is not None
    assert found.pattern.seen == 3
    assert abs((found.pattern.next_start - at(122.5 * 60)).total_seconds()) < 600
    assert "3 openings alike" in found.words


def test_a_long_opening_is_an_end_and_no_window() -> None:
    assert schedule(hours((10, 40)), at(5000), ZoneInfo("Asia/Almaty")).openings == ()


@pytest.mark.parametrize("cause", [Cause.POWER, Cause.CABLE, Cause.MAINTENANCE])
def test_a_technical_failure_is_never_called_a_shutdown(cause: Cause) -> None:
    astana = outage(0, scope=Scope.REGION, entity="region:KZ-71", regions=("KZ-71",))
    assert event_kind(astana) is EventKind.NET_BLACKOUT_LOCAL
    notice = Notice(cause=cause, since=at(-5), regions=("KZ-71",), source="grid")
    assert event_kind(with_cause(astana, [notice])) is EventKind.NET_OUTAGE


def test_a_power_cut_in_one_region_does_not_explain_the_country() -> None:
    notice = Notice(cause=Cause.POWER, since=at(-5), regions=("KZ-71",), source="grid")
    assert with_cause(outage(0), [notice]).cause is Cause.UNKNOWN


def test_an_order_outweighs_an_excuse_and_both_are_kept() -> None:
    notices = [
        Notice(cause=Cause.CABLE, since=at(-5), regions=("KZ",), source="ministry"),
        Notice(cause=Cause.ORDER, since=at(0), regions=("KZ",), source="operator"),
    ]
    found = with_cause(outage(0), notices)
    assert found.cause is Cause.ORDER
    assert found.details["said of the cause"] == "order (operator); cable (ministry)"


def test_a_notice_of_last_week_explains_nothing() -> None:
    old = Notice(cause=Cause.POWER, since=at(-9000), until=at(-8000), regions=("KZ",), source="grid")
    assert with_cause(outage(0), [old]).cause is Cause.UNKNOWN


def test_announced_but_dark_is_told_from_withdrawn() -> None:
    assert with_routing(outage(0), 950, 1000).routing is Routing.ANNOUNCED
    assert routing_of(10, 1000) is Routing.WITHDRAWN
    assert routing_of(None, 1000) is Routing.UNKNOWN


@pytest.mark.parametrize(
    ("loss", "degree"),
    [(0.1, Degree.MINOR), (0.2, Degree.DEGRADED), (0.5, Degree.SEVERE), (0.9, Degree.BLACKOUT), (1.0, Degree.BLACKOUT)],
)
def test_degrees_go_by_the_share_lost(loss: float, degree: Degree) -> None:
    assert degree_of(loss) is degree


def test_reports_are_a_family_of_their_own() -> None:
    assert judged(claim(OWN, True), claim(REPORTS, True)).families == (OWN, REPORTS)
