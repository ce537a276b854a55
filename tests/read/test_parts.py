"""Parts of the reader on their own: phrases, places, numbers, echoes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.configuration_reading import load_written
from monitor.read.counts import counts
from monitor.read.echoes import EchoIndex
from monitor.read.language import identify
from monitor.read.phrases import PhraseMatcher, parse_phrases
from monitor.read.places import Gazetteer
from monitor.read.script import skeleton
from monitor.read.tokens import tokenize
from monitor.read.whereabouts import where

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
READING = load_written(None)
GAZETTEER = Gazetteer(READING.named, READING.phrases, READING.abroad)


def met(phrase: str, text: str) -> bool:
    matcher = PhraseMatcher([(1, elements) for elements in parse_phrases(phrase)])
    return bool(matcher.find(tokenize(text).words))


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("вышл* на площад*", "люди вышли на площадь"),
        ("(вышел|вышли) ... площад*", "вышли вчера вечером на площадь"),
        ("за(держал(и|а)|брали) [N]", "задержали 20"),
        ("(в|по) (ряде|всех) городах", "митинги в ряде городов и всех: по всех городах"),
        ("связь (|снова) пропала", "связь снова пропала"),
        ("связь (|снова) пропала", "связь пропала"),
    ],
)
def test_phrases_are_met(phrase: str, text: str) -> None:
    assert met(phrase, text)


@pytest.mark.parametrize("phrase", ["... митинг", "", "a (", "(а|б"])
def test_phrases_that_cannot_be_are_refused(phrase: str) -> None:
    with pytest.raises(ValueError, match="phrase|brackets|alternative"):
        parse_phrases(phrase)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("В Семее прошёл сход", "KZ-10"),
        ("На проспекте Абая перекрыли движение", "KZ-75"),
        ("В области Абай", "KZ-10"),
        ("Жетысуский район Алматы", "KZ-75"),
        ("В области Жетысу", "KZ-33"),
        ("В Алматинской области", "KZ-19"),
        ("Ақтауда мұнайшылар", "KZ-47"),
        ("Астана алаңында адамдар", "KZ-75"),
        ("Жезказганцы вышли", "KZ-62"),
        ("АЛМАТЫ, 5 января — В Уральске задержали", "KZ-27"),
        ("in Karaganda region", "KZ-35"),
        ("Алма-Ате", "KZ-75"),
        ("в Усть-Каменогорске", "KZ-63"),
    ],
)
def test_places_resolve_to_their_region(text: str, region: str) -> None:
    cut = tokenize(text)
    last = len(cut.words) - 1
    assert where(cut, GAZETTEER.mentions(cut), last, last).regions == (region,)


@pytest.mark.parametrize(
    "text", ["многодетных семей", "он орал на соседа", "сот оны ақтау туралы шешім", "в Москве", "Рудный день"]
)
def test_words_that_are_no_places_of_ours(text: str) -> None:
    cut = tokenize(text)
    assert where(cut, GAZETTEER.mentions(cut), 0, 0).regions == ()


@pytest.mark.parametrize(
    ("text", "role", "low", "high"),
    [
        ("Задержано более 50 человек", "detained", 50, None),
        ("Около 200 человек вышли на площадь", "participants", 180, 220),
        ("арестован на 15 суток", "days", 15, 15),
        ("От 20 до 30 человек задержаны", "detained", 20, 30),
        ("Сотни людей собрались", "participants", 200, None),
        ("50-ден астам адам ұсталды", "detained", 50, None),
        ("Жиырма бес адам ұсталды", "detained", 25, 25),
        ("twenty-five people were detained", "detained", 25, 25),
        ("2 тыс. ранены", "injured", 2000, 2000),
        ("не менее 1 200 задержанных", "detained", 1200, None),
    ],
)
def test_numbers_are_intervals(text: str, role: str, low: int, high: int | None) -> None:
    assert (role, low, high) in [(hit.role, hit.low, hit.high) for hit in counts(tokenize(text))]


@pytest.mark.parametrize(
    "text",
    ["47-летний мужчина задержан", "статья 488", "в 18:30 задержали", "в 2022 году задержали", "5 января задержали"],
)
def test_ages_dates_and_articles_are_no_counts(text: str) -> None:
    assert not counts(tokenize(text))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("В Алматы прошёл митинг", "ru"),
        ("Алматыда наразылық өтті", "kk"),
        ("Police detained people in the city", "en"),
        ("12345", "und"),
    ],
)
def test_the_language_is_told(text: str, language: str) -> None:
    assert identify(tokenize(text)) == language


def test_a_thousand_copies_from_fifty_channels_are_one_witness() -> None:
    index = EchoIndex()
    text = "В Жанаозене жители вышли на площадь и требуют вернуть прежнюю цену на газ для автомобилей"
    seen = {
        index.witness(
            f"{text} {'репост ' * (number % 3)}", origin=f"c{number % 50}", owner=f"o{number % 50}", forwarded_from=None,
            at=NOON + timedelta(minutes=number % 600),
        ).witness
        for number in range(1000)
    }  # fmt: skip
    assert len(seen) == 1


def test_two_accounts_of_one_event_are_two_witnesses() -> None:
    index = EchoIndex()
    first = index.witness(
        "Сегодня утром в Актау люди перекрыли дорогу у порта", origin="a", owner="a", forwarded_from=None, at=NOON
    )
    second = index.witness(
        "Актау: сотрудники завода вышли к зданию администрации", origin="b", owner="b", forwarded_from=None, at=NOON
    )
    assert first.witness != second.witness


@given(st.text(max_size=300))
def test_offsets_are_true_for_any_text(text: str) -> None:
    cut = tokenize(text)
    assert all(0 <= start < end <= len(text) for start, end in zip(cut.starts, cut.ends, strict=True))
    assert cut.starts == sorted(cut.starts)


@pytest.mark.parametrize(
    ("cyrillic", "latin"),
    [
        ("полиция", ("polisia", "polisiya", "polısııa", "politsiya")),
        ("қуып", ("quyp", "qýyp", "quwyp")),
        ("айыппұл", ("aiyppul", "aıyppul", "aiyppūl")),
        ("чемпион", ("chempion",)),
    ],
)
def test_latin_spellings_of_kazakh_meet_the_cyrillic_one(cyrillic: str, latin: tuple[str, ...]) -> None:
    assert {skeleton(word) for word in latin} == {skeleton(cyrillic)}
