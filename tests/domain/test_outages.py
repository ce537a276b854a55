"""Outage history: what begins a spell, what ends it, and what does neither."""

from datetime import UTC, datetime, timedelta

from monitor.domain.outages import Outage, outages
from monitor.domain.series import Bucket

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
STEP = timedelta(minutes=5)


def steps(*ratios: float | None, label: str = "KZ-75") -> list[Bucket]:
    return [
        Bucket(label, NOON + place * STEP, 10, ratio, None, 10)
        for place, ratio in enumerate(ratios)
        if ratio is not None
    ]


def test_a_spell_lasts_from_its_first_bad_step_to_the_first_good_one() -> None:
    found = outages(steps(1.0, 0.2, 0.0, 0.4, 0.9), STEP, 0.5)
    assert found == [Outage("KZ-75", NOON + STEP, NOON + 4 * STEP, 0.0, 30, 0)]


def test_no_data_neither_ends_an_outage_nor_begins_one() -> None:
    found = outages(steps(1.0, 0.2, None, None, 0.1, 1.0, None, 1.0), STEP, 0.5)
    assert found == [Outage("KZ-75", NOON + STEP, NOON + 5 * STEP, 0.1, 20, 2)]


def test_what_was_never_seen_well_again_has_no_end() -> None:
    assert outages(steps(0.2, None), STEP, 0.5) == [Outage("KZ-75", NOON, None, 0.2, 10, 0)]


def test_places_have_spells_of_their_own() -> None:
    found = outages([*steps(0.0, 1.0, 0.0), *steps(1.0, 0.0, label="KZ-71")], STEP, 0.5)
    assert [(outage.label, outage.since, outage.until) for outage in found] == [
        ("KZ-75", NOON, NOON + STEP),
        ("KZ-71", NOON + STEP, None),
        ("KZ-75", NOON + 2 * STEP, None),
    ]


def test_steps_with_values_only_say_nothing() -> None:
    assert outages([Bucket("KZ-75", NOON, 0, None, 3.0, 1)], STEP, 0.5) == []
