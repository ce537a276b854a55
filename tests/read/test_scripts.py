"""Kazakh in Latin letters and in Arabic script is read nearly as well as in Cyrillic: the same texts, spelled anew."""

from collections.abc import Callable
from functools import cache
from itertools import zip_longest
from pathlib import Path
from time import process_time

import pytest

from monitor.configuration_reading import load_reading
from monitor.domain.signals import Finding
from monitor.read.labels import Label, label_of
from monitor.read.reader import Reader
from monitor.read.weighed import NUMBER, read_weights

FOLDER = Path(__file__).resolve().parents[1] / "data" / "reading"
CYRILLIC = "аәбвгғдеёжзийкқлмнңоөпрстуүұфхһцчшщъыіьэюя"
ALPHABETS = {
    "2021": "a ä b v g ğ d e io j z i i k q l m n ñ o ö p r s t u ü ū f h h ts ch ş şş _ y ı _ e iu ia",
    "2018": "a á b v g ǵ d e io j z ı ı k q l m n ń o ó p r s t ý ú u f h h ts ch sh shch _ y i _ e iý ia",
    "phones": "a a b v g g d e yo zh z i i k k l m n n o o p r s t u u u f kh h ts ch sh shch _ y i _ e yu ya",
    "Arabic": "ا ءا ب ۆ گ ع د ە يو ج ز ي ي ك ق ل م ن ڭ و ءو پ ر س ت ۋ ءۇ ۇ ف ح ھ تس چ ش شش _ ى ءى _ ە يۋ يا",
}
WORST_LOST, WORST_WRONG, WORST_REGIONS = 0.03, 0.03, 0.05
"""Shares of the texts by which a script may fall behind Cyrillic: in events found, in events that are none, in regions."""


def spelled(text: str, alphabet: str) -> str:
    pairs = zip_longest(CYRILLIC, ALPHABETS[alphabet].replace("_", "").split(" "))
    lower = dict(pairs)
    return text.translate(str.maketrans(lower | {letter.upper(): new.capitalize() for letter, new in lower.items()}))


@cache
def labels() -> tuple[Label, ...]:
    files = sorted(FOLDER.glob("*heldout*_kk.jsonl"))
    return tuple(label_of(line) for file in files for line in file.read_text(encoding="utf-8").splitlines())


@cache
def reader() -> Reader:
    return load_reading(None).reader


def tally(change: Callable[[str], str]) -> tuple[int, int, int]:
    """Events found, events found where there are none, and events found in exactly their regions."""
    found = wrong = placed = 0
    for label in labels():
        findings = reader().read(change(label.text), label.published_at, label.home_region).findings
        if not label.expect.kinds:
            wrong += any(not finding.past for finding in findings)
            continue
        found += bool(findings)
        placed += bool(findings) and regions(findings) == set(label.expect.regions)
    return found, wrong, placed


def regions(findings: tuple[Finding, ...]) -> set[str]:
    return {region for finding in findings for region in finding.regions}


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_another_script_loses_little(alphabet: str) -> None:
    found, wrong, placed = tally(str)
    events = sum(bool(label.expect.kinds) for label in labels())
    anew = tally(lambda text: spelled(text, alphabet))
    assert anew[0] >= found - WORST_LOST * events
    assert anew[1] <= wrong + WORST_WRONG * events
    assert anew[2] >= placed - WORST_REGIONS * events


def test_the_texts_are_many() -> None:
    assert len(labels()) > 400


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Jambyl oblysynda üş belsendı ūstaldy.", "KZ-31"),
        ("Oralda üş belsendı üiınıñ janynda ūstaldy.", "KZ-27"),
        ("Qūlsaryda mūnaişylar ereuılge şyqty.", "KZ-23"),
        ("Bükıl el boiynşa narazylyq aktsiialary jalğasuda.", "KZ"),
        ("Ақтауда Nūrsūltan Berdiğali атты belsendı ūstaldy, politsiia ony bölımge alyp kettı.", "KZ-47"),
        ("ورالدا ءۇش بەلسەندى ۇستالدى.", "KZ-27"),
    ],
)
def test_places_of_all_kinds_are_known_in_other_scripts(text: str, region: str) -> None:
    findings = reader().read(text).findings
    assert findings
    assert regions(findings) == {region}


def test_who_came_back_is_not_in_oral() -> None:
    places = reader().read("Belsendı üiıne oraldy, oralmandar quanyp qaldy.").places
    assert [place.region for place in places] == []


@pytest.mark.parametrize("letter", ["ş", "ı", "ش"])
def test_words_without_end_that_were_never_met_cost_little(letter: str) -> None:
    spent = min(cpu_seconds("abc"[run] + letter * 900_000 + " belsendı jäne üş ūstaldy") for run in range(3))
    assert spent < 0.25, "0.05 s on a quiet machine; the margin is for a busy one"


def test_thousands_of_unlike_words_in_latin_letters_cost_little() -> None:
    letters = "aäbvgğdejziklmnñoöprstuüūşyı"
    text = " ".join(f"{letters[step % 28]}{letters[step // 28 % 28]}narazylyq belsendı jäne üş" for step in range(900))
    assert min(cpu_seconds(text) for _ in range(3)) < 0.25


def cpu_seconds(text: str) -> float:
    before = process_time()
    reader().read(text)
    return process_time() - before


TABLE = "stem,weight,kinds\n*,-3.00,assembly.protest:0.10\nнаразы,0.80,\nел,0.50,\nпротес,0.70,\n"


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("narazylyq", "наразы"),
        ("narazılıq", "наразы"),
        ("el", "ел"),
        ("elde", "elde"),
        ("2022", NUMBER),
        ("protesters", "протес"),
    ],
)
def test_a_word_of_another_script_weighs_what_its_stem_weighs(word: str, stem: str) -> None:
    weights, _ = read_weights(TABLE)
    assert weights is not None
    anew = weights.spelled(arabic=False)
    assert anew.stem(word) == stem
    assert anew.of(word) == weights.stems.get(stem, 0.0)
