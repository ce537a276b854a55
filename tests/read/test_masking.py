"""Masking: a hundred spellings of each thing that could point to a person, and what must stay.

In the tables ⟦ ⟧ stand around what must go, ⏎ is a new line; everything else must stay as it is.
"""

import re
from functools import cache
from pathlib import Path
from time import process_time
from unicodedata import normalize

import pytest

from monitor.configuration import load_configuration, load_masker
from monitor.read.masking import Masker

FOLDER = Path(__file__).resolve().parents[1] / "data" / "masking"
TABLES = sorted(file.stem for file in FOLDER.glob("*.txt") if file.stem != "stay")
_SECRET = re.compile("⟦(.*?)⟧")


@cache
def masker() -> Masker:
    return load_masker(None)


def lines(table: str) -> list[str]:
    return [line.replace("⏎", "\n") for line in (FOLDER / f"{table}.txt").read_text(encoding="utf-8").splitlines()]


def leaks(line: str) -> str | None:
    """What went wrong with a line, `None` if nothing did."""
    masked = masker().mask(_SECRET.sub(r"\1", line))
    kept = _SECRET.split(line)[::2]
    pattern = r"\[[a-z-]+\]".join(re.escape(part) for part in kept)
    return None if re.fullmatch(pattern, masked) else f"{line} -> {masked}"


@pytest.mark.parametrize("table", TABLES)
def test_a_hundred_spellings_are_masked_and_the_rest_stays(table: str) -> None:
    assert len(lines(table)) >= 100
    assert not [fault for line in lines(table) if (fault := leaks(line))]


@pytest.mark.parametrize("line", lines("stay"))
def test_numbers_dates_articles_sums_bodies_places_and_officials_stay(line: str) -> None:
    assert masker().mask(line) == line


def test_names_of_our_own_regions_sources_and_rules_stay() -> None:
    known = load_configuration(None)
    names = [source.name for source in known.sources.values()] + [rule.title for rule in known.rules]
    names += [name for region in known.regions.values() for name in region.names.model_dump().values()]
    assert {name: masker().mask(name) for name in names if masker().mask(name) != name} == {}


def test_the_word_shown_can_be_chosen() -> None:
    assert masker().mask("Звоните 87011234567", "[…]") == "Звоните […]"


def test_invisible_characters_do_not_hide_a_phone() -> None:
    assert "123" not in masker().mask("8701\u200b123\u20604567")


@pytest.mark.parametrize(
    "text",
    ["1 " * 500_000, "a@" * 400_000, "А. " * 300_000, "Иван" * 200_000, "8" * 1_000_000, "ул. Абая, " * 90_000, "\ud800" * 500_000,
     "\u202e\u0301" * 400_000, "один " * 200_000, "@" * 900_000, "t.me/" * 200_000, "дом 1 " * 160_000, "Иванов " * 140_000],
    ids=lambda text: repr(text[:6]),
)  # fmt: skip
def test_hostile_text_is_masked_in_bounded_time(text: str) -> None:
    masker().mask("Иван Петров")
    began = process_time()
    assert len(masker().mask(text)) <= 400_000
    assert process_time() - began < 0.5


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("Задержаны Андрей Бондаренко, Сергей Ткачук", ("Бондаренко", "Ткачук")),
        ("Вчера задержали Ахме\u0301това", ("Ахм", "това")),
        ("Вчера задержали Ах\ufe0fметова", ("Ах", "метова")),
    ],
)
def test_marks_on_letters_do_not_carry_a_name_through(text: str, gone: tuple[str, ...]) -> None:
    masked = masker().mask(normalize("NFD", text))
    assert "[name]" in masked
    assert not any(piece in masked for piece in gone)
