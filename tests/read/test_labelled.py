"""The reader over the committed labelled texts: it may get better, and never again worse.

The floors are what was measured, a little rounded down; whoever raises the reader raises them. Held-out texts have
floors of their own, and nobody looks at those texts while tuning.
"""

import json
from functools import cache
from pathlib import Path

import pytest

from monitor.configuration_reading import load_reading
from monitor.domain.kinds import EventKind
from monitor.read.labels import Label, label_of
from monitor.read.reader import Reader
from monitor.read.scoring import Scores, Tally, score

FOLDER = Path(__file__).resolve().parents[1] / "data" / "reading"
PARTS = ("dev", "heldout", "news_dev", "news_heldout", "varied", "plain", "mixed", "heldout2", "heldout3")
SETS = ("ru", "kk", "en", "telegram")
FLOORS: dict[str, dict[str, list[float]]] = json.loads((FOLDER / "floors.json").read_text(encoding="utf-8"))


@cache
def reader() -> Reader:
    return load_reading(None).reader


@cache
def labels(part: str, name: str) -> tuple[Label, ...]:
    lines = (FOLDER / f"{part}_{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(label_of(line) for line in lines)


@cache
def scores(part: str, *names: str) -> Scores:
    texts = [label for name in names for label in labels(part, name)]
    return score(texts, lambda label: reader().read(label.text, label.published_at, label.home_region).findings)


def measured(part: str) -> dict[str, Tally]:
    sets = [name for name in SETS if (FOLDER / f"{part}_{name}.jsonl").is_file()]
    by_set = {name: scores(part, name).any_event for name in sets}
    whole = scores(part, *sets)
    numbers = Tally(right=sum(share.right for share in whole.counts.values()))
    numbers.missed = sum(share.of for share in whole.counts.values()) - numbers.right
    families = {f"family {name}": tally for name, tally in whole.by_family.items()}
    flags = {f"flag {name}": tally for name, tally in whole.flags.items()}
    return by_set | families | flags | {"region": whole.region, "numbers": numbers}


def holds(tally: Tally, floor: list[float]) -> bool:
    """Whether both ratios stand on their floor; one text is forgiven, because some families have a dozen texts."""
    precision = tally.right / max(1, tally.right + max(0, tally.wrong - 1))
    recall = tally.right / max(1, tally.right + max(0, tally.missed - 1))
    return precision >= floor[0] and recall >= floor[1]


@pytest.mark.parametrize("part", PARTS)
def test_precision_and_recall_do_not_fall(part: str) -> None:
    found = measured(part)
    fallen = {name: (floor, found[name]) for name, floor in FLOORS[part].items() if not holds(found[name], floor)}
    assert not fallen


def test_the_texts_are_many_varied_and_half_of_them_harmless() -> None:
    texts = [label for part in PARTS[:2] for name in SETS for label in labels(part, name)]
    assert len(texts) >= 700
    assert 0.4 <= sum(bool(label.expect.kinds) for label in texts) / len(texts) <= 0.6
    assert len({label.id for label in texts}) == len({label.text for label in texts}) == len(texts)
    assert len({region for label in texts for region in label.expect.regions} - {"KZ"}) == 20
    met = {kind for label in texts for kind in label.expect.kinds}
    assert met == {kind for kind in EventKind if kind.family != "system"}
