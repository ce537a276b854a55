"""Real posts from abroad whose places are moved to Kazakhstan: what the reader makes of how people really write.

    python -m bench.moved posts.jsonl.gz            findings in a thousand posts, and how many of them a rule could page on
    python -m bench.moved posts.jsonl.gz moved.jsonl    also write the moved posts, to be looked at or labelled

A post in which a place abroad stands is dropped by the reader, and says nothing about its words. Moved here, in the same case
and number, it does. Some moved posts do tell of an event, so the figure is an upper bound of false alarms.
"""

import functools
import gzip
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pymorphy3

from bench.figures import say
from monitor.configuration_reading import load_reading

COUNTRIES = frozenset(
    "россия грузия украина беларусь армения азербайджан израиль иран франция германия италия испания польша сербия турция "
    "китай британия великобритания узбекистан киргизия кыргызстан таджикистан молдавия венгрия румыния венесуэла бангладеш индия "
    "пакистан сирия ливан египет корея япония финляндия латвия литва эстония".split()
)
CITIES = ("Алматы", "Астана", "Шымкент", "Караганда", "Актобе", "Уральск", "Павлодар", "Костанай", "Тараз", "Атырау", "Актау",
          "Усть-Каменогорск", "Кокшетау", "Петропавловск", "Кызылорда", "Туркестан", "Талдыкорган", "Жезказган", "Жанаозен")  # fmt: skip
ADJECTIVES = frozenset(
    "российский грузинский украинский белорусский армянский израильский иранский американский французский немецкий польский "
    "сербский турецкий китайский британский итальянский".split()
)
UNDECLINED = frozenset({"Алматы", "Актобе", "Актау", "Атырау", "Кокшетау"})
ABROAD_ALONE = re.compile("иноагент|иностранн[а-яё]+ агент", re.IGNORECASE)
"""Words of another country's law: such a post cannot be moved."""
_WORD = re.compile("[А-ЯЁа-яё]+(?:-[А-ЯЁа-яё]+)*")
_INSIDE = re.compile("(?:^|[^А-ЯЁа-яё])(?:[Вв]о?|[Нн]а|[Оо]|[Пп]ри) $")
_morphology = pymorphy3.MorphAnalyzer()


@functools.lru_cache(maxsize=50_000)
def _there(word: str) -> tuple[str, object] | None:
    """What a word becomes, as a lemma, and how it was inflected; `None` where it stays."""
    parse = _morphology.parse(word)[0]
    lemma = parse.normal_form.replace("ё", "е")
    if lemma in COUNTRIES and word[0].isupper():
        return "Казахстан", parse.tag
    if lemma in ADJECTIVES:
        return "казахстанский", parse.tag
    if "Geox" in parse.tag and word[0].isupper() and len(word) > 3:
        return CITIES[int(hashlib.sha256(lemma.encode()).hexdigest(), 16) % len(CITIES)], parse.tag
    return None


def _inflected(lemma: str, tag: object, *, capital: bool) -> str:
    parse = _morphology.parse(lemma)[0]
    wanted = {grammeme for grammeme in (tag.case, tag.number, tag.gender if tag.POS == "ADJF" else None) if grammeme}  # type: ignore[attr-defined]
    found = parse.inflect(wanted) or parse.inflect({tag.case} if tag.case else set())  # type: ignore[attr-defined]
    word = found.word if found else lemma.lower()
    return "-".join(part[:1].upper() + part[1:] for part in word.split("-")) if capital else word


def moved(text: str) -> str:
    """The text with its places, countries and their adjectives put here."""

    def one(met: re.Match[str]) -> str:
        there = _there(met.group())
        if there is None:
            return met.group()
        lemma, tag = there
        if lemma == "Казахстан" and _INSIDE.search(text[max(0, met.start() - 5) : met.start()]):
            return "Казахстан" if tag.case == "accs" else "Казахстане"  # type: ignore[attr-defined]
        return lemma if lemma in UNDECLINED else _inflected(lemma, tag, capital=met.group()[0].isupper())

    return _WORD.sub(one, text)


def posts(file: Path) -> Iterator[str]:
    """Different posts that can be moved."""
    seen: set[str] = set()
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            text = json.loads(line).get("text") or ""
            key = re.sub(r"\W+", "", text)[:60]
            if key and key not in seen and not ABROAD_ALONE.search(text):
                seen.add(key)
                yield moved(text)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    reader = load_reading(None).reader
    count = found = live = 0
    kept = []
    for text in posts(Path(sys.argv[1])):
        count += 1
        kept.append(text)
        findings = reader.read(text).findings
        found += bool(findings)
        live += any(not finding.past and finding.stands for finding in findings)
    say(
        "moved",
        posts=count,
        findings_in_a_thousand=round(1000 * found / count, 2),
        live_in_a_thousand=round(1000 * live / count, 2),
    )
    if len(sys.argv) > 2:
        rows = (json.dumps({"id": str(number), "text": text}, ensure_ascii=False) for number, text in enumerate(kept))
        Path(sys.argv[2]).write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
