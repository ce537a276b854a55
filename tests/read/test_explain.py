"""A reading laid open: marks at the right words, and score parts that add up."""

import pytest

from monitor.domain.kinds import EventKind
from monitor.domain.signals import Finding, Hit, PlaceHit, Reading
from monitor.read.explain import joint, marks, parts

OWN = {"ru.detention": 0.8, "ru.rally": 0.6}


def finding(*rules: str, strength: float, regions: tuple[str, ...] = ("KZ-75",)) -> Finding:
    hits = tuple(Hit(rule, "слово", place, place + 1) for place, rule in enumerate(rules))
    return Finding(kind=EventKind.POLICE_DETENTION, regions=regions, strength=strength, because=hits)


def test_places_are_marked_first_and_triggers_last() -> None:
    reading = Reading(
        language="ru",
        findings=(finding("ru.detention", "ru.detention:near", strength=0.8),),
        places=(PlaceHit("Almaty", "KZ-75", 9, 15),),
    )
    assert [(mark.role, mark.finding) for mark in marks(reading)] == [("place", 0), ("near", 1), ("trigger", 1)]


@pytest.mark.parametrize(
    ("found", "named"),
    [
        (finding("ru.detention", strength=0.8), ["ru.detention"]),
        (finding("ru.detention", "ru.rally", strength=0.86), ["ru.detention", "ru.rally"]),
        (finding("ru.detention", strength=0.56, regions=()), ["ru.detention", "place unknown"]),
        (finding("ru.detention", strength=0.6), ["ru.detention", "announced"]),
        (finding("ru.detention", strength=0.42, regions=()), ["ru.detention", "place unknown", "announced"]),
        (finding("ru.detention", strength=0.5), ["ru.detention", "surroundings"]),
        (finding("gone.rule", strength=0.5), ["the finding's own"]),
    ],
)
def test_the_parts_of_a_score_are_named(found: Finding, named: list[str]) -> None:
    assert [part.what for part in parts(found, OWN)] == named


def test_rules_lift_each_other_and_never_to_certainty() -> None:
    assert joint([0.8]) == 0.8
    assert joint([0.8, 0.6]) == pytest.approx(0.86)
    assert joint([0.9] * 9) == 0.98
