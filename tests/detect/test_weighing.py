"""Parts of the judgement by themselves: where an operator's loss lies, who is usually heard, how a view that goes blind counts."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.detect.entities import Seen, seen_of
from monitor.detect.fusion import Claim, Quality, fused
from monitor.detect.presence import LEAST_GAPS, Listening, Member, Sighting, listened_to
from monitor.detect.weighing import Evidence, weighed
from monitor.domain.connectivity import Certainty, EvidenceFamily, Outage, OutageKind, Round, Routing, Scope
from monitor.domain.measurements import Access
from tests.detect.cast import all_outages, at, changed, down, mobile, quiet_round, rounds, tally, watched

OUTAGE = Outage(
    entity="national", scope=Scope.NATIONAL, kind=OutageKind.FULL, onset=at(0), onset_earliest=at(-2), onset_latest=at(2),
    detected_at=at(4), loss_ratio=1.0, entities=("operator:alma", "operator:beta"), regions=("KZ",),
)  # fmt: skip
CUT = (changed(quiet_round(4), down("alma", "beta")),)


def test_an_incident_of_one_operator_is_told_for_the_region_it_lies_in() -> None:
    def in_almaty(name: str) -> list[Round]:
        return [
            replace(one, tallies=tuple(replace(entry, up=0) if entry.operator == name and entry.region == "KZ-75" else entry
                                       for entry in one.tallies))
            for one in rounds(120, 160)
        ]  # fmt: skip

    (found,) = all_outages(watched([*rounds(0, 120), *in_almaty("alma")]))
    assert (found.entity, found.regions) == ("operator:alma", ("KZ-75",))
    (everywhere,) = all_outages(watched([*rounds(0, 120), *rounds(120, 160, down("alma"))]))
    assert everywhere.regions == ("KZ",)
    # It may turn out to reach further, and a part that comes back does not move it.
    state = watched([*rounds(0, 120), *in_almaty("alma"), *rounds(160, 180, down("alma")), *rounds(180, 200)])
    assert [one.regions for one in all_outages(state)] == [("KZ",)]


def test_a_tally_tells_views_from_inside_and_outside_apart() -> None:
    two = Round(at=at(0), tallies=(tally("alma", inside_total=4, inside_up=1, up=3),))
    assert seen_of([two], "operator:alma") == Seen(outside=(2, 2), inside=(1, 4))
    assert seen_of([quiet_round(0)], "operator:alma") == Seen(outside=(12, 12), inside=(0, 0))


def test_a_view_that_goes_blind_takes_nothing_back_and_one_that_shows_the_contrary_does() -> None:
    first = weighed(OUTAGE, CUT, Evidence(), at(4))
    blind = weighed(OUTAGE, (), Evidence(), at(40), first)
    assert blind.judgement.families == first.judgement.families == (EvidenceFamily.OWN_ACTIVE,)
    half = weighed(OUTAGE, (changed(quiet_round(6), down("alma")),), Evidence(), at(40), first)
    assert (first.judgement.showing, half.judgement.showing) == (2, 1)


def test_an_outage_whose_rounds_are_not_at_hand_was_found_by_our_own() -> None:
    found = weighed(replace(OUTAGE, ended=at(60)), (), Evidence(), at(600))
    assert (found.judgement.certainty, found.judgement.families) == (
        Certainty.SUSPECTED, (EvidenceFamily.OWN_ACTIVE,),
    )  # fmt: skip


def test_routes_that_are_withdrawn_speak_for_it_and_routes_that_stay_hardly_against() -> None:
    bare = weighed(OUTAGE, CUT, Evidence(), at(40)).judgement
    gone = weighed(replace(OUTAGE, routing=Routing.WITHDRAWN), CUT, Evidence(), at(40)).judgement
    stay = weighed(replace(OUTAGE, routing=Routing.ANNOUNCED), CUT, Evidence(), at(40)).judgement
    assert EvidenceFamily.ROUTING in gone.families
    assert gone.certainty is Certainty.CONFIRMED
    assert 0.0 <= bare.parts.get("routing", 0.0) - stay.parts["routing"] <= 0.5


def members(quiet: int, heard: int, access: Access = Access.FIXED) -> tuple[Member, ...]:
    """So many agents of one operator that are quiet, and that are heard."""
    listening, found = Listening(), ()
    for minute in range(60):
        sightings = [
            Sighting(member=f"m{place}", at=at(min(minute, 20) if place < quiet else minute), region="KZ-75", operator="alma",
                     access=access)
            for place in range(quiet + heard)
        ]  # fmt: skip
        listening, found = listened_to(listening, sightings, at(minute))
    return found


def test_agents_that_fall_silent_where_it_is_said_to_be_are_evidence_from_inside() -> None:
    def families(*silent: Member) -> tuple[EvidenceFamily, ...]:
        return weighed(OUTAGE, CUT, Evidence(members=silent), at(60)).judgement.families

    assert EvidenceFamily.INSIDE in families(*members(4, 1))
    assert EvidenceFamily.INSIDE not in families(*members(0, 5))
    assert EvidenceFamily.INSIDE not in families(*members(2, 0))
    elsewhere = replace(OUTAGE, entity="operator:beta", scope=Scope.OPERATOR)
    assert not any(one.stands_in(elsewhere) for one in members(4, 0))
    on_mobile = replace(OUTAGE, entity="operator:alma/mobile", scope=Scope.OPERATOR)
    assert all(one.stands_in(on_mobile) for one in members(4, 0, Access.MOBILE))
    assert not any(one.stands_in(on_mobile) for one in members(4, 0))


def test_a_rhythm_is_learnt_from_gaps_and_a_silence_is_none() -> None:
    listening, found = Listening(), ()
    for number in range(LEAST_GAPS + 1):
        assert found == ()
        listening, found = listened_to(listening, [Sighting(member="m", at=at(number * 5))], at(number * 5))
    (usual,) = found
    assert usual.presence.every == timedelta(minutes=5)
    listening, (late,) = listened_to(listening, [Sighting(member="m", at=at(600))], at(600))
    assert late.presence.every <= timedelta(minutes=10)
    assert listened_to(listening, [Sighting(member="m", at=at(600))], at(2100))[1] == ()


def test_mobile_networks_and_fixed_ones_of_one_operator_are_weighed_apart() -> None:
    state = watched([*rounds(0, 120, mobile("alma")), *rounds(120, 160, mobile("alma"), down("alma"))])
    (found,) = all_outages(state)
    judged = weighed(found, state.rounds, Evidence(), at(160))
    assert judged.own == {"own_active/operator:alma/mobile": True}


@given(st.lists(st.tuples(st.sampled_from(EvidenceFamily), st.booleans()), max_size=12))
def test_one_family_alone_is_never_more_than_suspected(found: list[tuple[EvidenceFamily, bool]]) -> None:
    claims = [
        Claim(
            source=str(place), family=family, active=active or None, quality=Quality(found_ratio=0.99, false_ratio=1e-6)
        )
        for place, (family, active) in enumerate(found)
    ]
    judgement = fused(claims, at(0), at(60))
    if len(judgement.families) == 1:
        assert judgement.certainty is Certainty.SUSPECTED
    assert judgement.showing <= judgement.asked <= judgement.of
