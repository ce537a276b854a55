"""Gates over the texts that were written beside the lexicons: they were tuned on, so they must nearly all be right.

How well the reader does on texts that it was not tuned on, `test_labelled.py` tells.
"""

from functools import cache
from pathlib import Path

import pytest

from monitor.configuration_reading import load_reading
from monitor.read.labels import Label, label_of
from monitor.read.scoring import Scores, score

FOLDER = Path(__file__).resolve().parents[1] / "data" / "reading"
LANGUAGES = {"ru": (0.98, 0.96), "kk": (0.98, 0.97), "en": (0.98, 0.97)}
FAMILIES = (0.75, 0.85)
NUMBERS = 0.97


@cache
def labels(language: str) -> tuple[Label, ...]:
    files = (file for name in ("written", "scenes") for file in sorted(FOLDER.glob(f"{name}_{language}*.jsonl")))
    return tuple(label_of(line) for file in files for line in file.read_text(encoding="utf-8").splitlines())


@cache
def scores(*languages: str) -> Scores:
    reader = load_reading(None).reader
    texts = [label for language in languages for label in labels(language)]
    return score(texts, lambda label: reader.read(label.text, label.published_at).findings)


@pytest.mark.parametrize("language", LANGUAGES)
def test_events_are_told_from_harmless_texts(language: str) -> None:
    tally, (precision, recall) = scores(language).any_event, LANGUAGES[language]
    assert (tally.precision or 0) >= precision
    assert (tally.recall or 0) >= recall


def test_each_family_is_told() -> None:
    families = scores(*LANGUAGES).by_family
    poor = {
        name: tally
        for name, tally in families.items()
        if (tally.precision or 0) < FAMILIES[0] or (tally.recall or 0) < FAMILIES[1]
    }
    assert not poor


def test_regions_are_right() -> None:
    assert (scores(*LANGUAGES).region.recall or 0) >= 0.95


def test_numbers_come_out_as_the_same_interval() -> None:
    shares = scores(*LANGUAGES).counts.values()
    assert sum(share.right for share in shares) >= NUMBERS * sum(share.of for share in shares)


def test_the_texts_are_many() -> None:
    assert sum(len(labels(language)) for language in LANGUAGES) >= 1700
