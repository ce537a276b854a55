"""Labels and scores: what a line must look like, and what the figures mean."""

import json
from collections.abc import Sequence

import pytest

from monitor.domain.kinds import EventKind
from monitor.domain.signals import Finding, Hit, Interval
from monitor.read.labels import Label, LabelError, label_of, labels_of
from monitor.read.scoring import Scores, score

PROTEST, DETENTION, STRIKE = EventKind.ASSEMBLY_PROTEST, EventKind.POLICE_DETENTION, EventKind.LABOUR_STRIKE


def label(text: str, *kinds: str, family: str | None = None, **expect: object) -> Label:
    row = {"id": text, "language": "ru", "text": text, "expect": {"kinds": list(kinds), **expect}}
    return label_of(json.dumps(row | ({"family": family} if family else {})))


def finding(
    kind: EventKind,
    *regions: str,
    counts: dict[str, Interval] | None = None,
    denied: bool = False,
    past: bool = False,
) -> Finding:
    hits = (Hit("rule", "слова", 0, 5),)
    return Finding(kind=kind, regions=regions, counts=counts or {}, denied=denied, past=past, because=hits)


def scored(*cases: tuple[Label, Sequence[Finding]], strict: bool = False) -> Scores:
    said = {case.id: findings for case, findings in cases}
    return score([case for case, _ in cases], lambda asked: said[asked.id], strict=strict)


def test_precision_and_recall_are_counted_per_text_kind_and_family() -> None:
    found = scored(
        (label("a", "police.detention"), [finding(DETENTION)]),
        (label("b", "police.detention"), []),
        (label("c"), [finding(STRIKE)]),
        (label("d"), []),
    )
    assert (found.any_event.precision, found.any_event.recall, found.any_event.f1) == (0.5, 0.5, 0.5)
    assert (found.texts, found.ordinary) == (4, 2)
    assert (found.by_kind["police.detention"].precision, found.by_kind["police.detention"].recall) == (1, 0.5)
    assert found.by_family["labour"].precision == 0
    assert found.by_family["labour"].recall is None


def test_a_neighbouring_kind_is_neither_asked_for_nor_wrong() -> None:
    found = scored((label("a", "police.detention", may=["assembly.protest"]), [finding(DETENTION), finding(PROTEST)]))
    assert found.by_kind["assembly.protest"].wrong == found.by_family["assembly"].wrong == 0
    assert found.mistakes == []


def test_a_tag_of_the_past_on_a_harmless_text_is_no_alarm_unless_asked() -> None:
    case = (label("memorial"), [finding(PROTEST, past=True)])
    assert scored(case).any_event.wrong == 0
    assert scored(case, strict=True).any_event.wrong == 1


def test_regions_numbers_and_flags_are_judged_where_the_event_was_found() -> None:
    said = {"regions": ["KZ-75"], "counts": {"detained": [15, 15], "days": [10, None]}, "denied": True}
    right = [finding(DETENTION, "KZ-75", counts={"detained": (15, 15), "days": (10, None)}, denied=True)]
    wrong = [finding(DETENTION, "KZ-71", counts={"detained": (1, 15)}, past=True)]
    found = scored(
        (label("a", "police.detention", **said), right),
        (label("b", "police.detention", **said), wrong),
        (label("c", "police.detention", **said), []),
    )
    assert (found.region.right, found.region.wrong, found.region.missed) == (1, 1, 1)
    assert (found.region_exact.right, found.region_exact.of) == (1, 2)
    assert {role: (share.right, share.of) for role, share in found.counts.items()} == {
        "detained": (1, 2),
        "days": (1, 2),
    }
    assert (found.flags["denied"].right, found.flags["denied"].missed, found.flags["past"].wrong) == (1, 1, 1)


def test_every_mistake_names_the_words_that_fired() -> None:
    (missed, wrong) = scored((label("a", "labour.strike"), [finding(DETENTION)])).mistakes
    assert (missed.what, missed.expected) == ("missed", "labour.strike")
    assert (wrong.what, wrong.found) == ("wrong", "police.detention")
    assert wrong.because[0].words == "слова"


def test_a_person_who_judged_one_family_says_nothing_of_the_others() -> None:
    found = scored((label("a", family="police"), [finding(STRIKE)]))
    assert found.any_event.wrong == 0


def test_the_later_of_two_verdicts_on_one_text_holds() -> None:
    first, second = label("a", "police.detention"), label("a")
    found = score([first, second], lambda _: [finding(DETENTION)])
    assert (found.texts, found.any_event.wrong) == (1, 1)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON"),
        ("[]", "an object, not list"),
        ('{"id":"1","text":"x"}', "expect: Field required"),
        ('{"id":"1","text":"x","expect":{"kinds":["police.detenton"]}}', "expect.kinds.0"),
        ('{"id":"1","text":"x","expect":{"kinds":[],"regions":["Almaty"]}}', "expect.regions.0"),
        ('{"id":"1","text":"x","expect":{"kinds":[],"counts":{"detained":[3]}}}', "an interval is"),
        ('{"id":"1","text":"x","expect":{"kinds":[],"counts":{"detained":[3,2]}}}', "below the lowest"),
        ('{"id":"1","text":"x","expect":{"kinds":[],"counts":{"detained":[true,2]}}}', "whole numbers"),
        ('{"id":"1","text":"x","expect":{"kinds":[],"counts":{"dtained":[1,2]}}}', "unknown role 'dtained'"),
        ('{"id":"1","text":"x","expects":{"kinds":[]}}', "expect: Field required (and 1 more)"),
        ('{"id":"1","text":"x","published_at":"2026-01-01T00:00:00","expect":{"kinds":[]}}', "published_at"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_line_that_is_no_label_says_why(line: str, words: str) -> None:
    with pytest.raises(LabelError, match=words.replace("(", r"\(").replace(")", r"\)")):
        label_of(line)


def test_empty_lines_are_passed_over_and_lines_are_numbered() -> None:
    good = '{"id":"1","text":"x","expect":{"kinds":[]}}'
    assert [(number, type(found)) for number, found in labels_of(["", good, "no"])] == [(2, Label), (3, LabelError)]
