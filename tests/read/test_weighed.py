"""Words weighed beside the phrases: what they find, what they doubt, and what they never touch."""

import pytest

from monitor.configuration_reading import load_reading
from monitor.domain.kinds import EventKind
from monitor.read.reader import Reader
from monitor.read.weighed import SPAN_WORDS, Weights, read_weights, stem_of

TABLE = """stem,weight,kinds
*,-3.00,assembly.protest:0.10 labour.strike:0.00 denied:-3.00
народ,0.80,assembly.protest:1.00
матч,-1.50,
опрове,0.10,denied:2.50
"""


@pytest.fixture(scope="module")
def weights() -> Weights:
    found, faults = read_weights(TABLE)
    assert found is not None
    assert faults == []
    return found


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_reading(None).reader


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("протестующие", "протес"),
        ("protesters", "protest"),
        ("наразылық", "наразы"),
        ("наразылык", "наразы"),
        ("2022", "#"),
    ],
)
def test_a_stem_is_the_beginning_of_a_word_kazakh_as_if_without_its_letters(word: str, stem: str) -> None:
    assert stem_of(word) == stem


def test_words_add_up_and_speak_against_each_other(weights: Weights) -> None:
    nothing = weights.event([weights.of("дом")] * 4)
    people = weights.event([weights.of(word) for word in "народ народ народ народ".split()])
    match = weights.event([weights.of(word) for word in "народ народ матч матч".split()])
    assert nothing < 0.06 < 0.9 < people
    assert match < nothing


def test_of_a_long_text_its_heaviest_part_counts(weights: Weights) -> None:
    heavy = [weights.of("народ")] * 12
    assert weights.most([0.0] * SPAN_WORDS * 3 + heavy) == pytest.approx(
        weights.event([0.0] * (SPAN_WORDS - 12) + heavy)
    )


def test_the_likeliest_kind_is_told_with_its_probability(weights: Weights) -> None:
    kind, share = weights.kind(["народ"])
    assert kind is EventKind.ASSEMBLY_PROTEST
    assert 0.9 < share < 1


def test_a_flag_is_weighed_and_one_that_is_not_in_the_table_is_not(weights: Weights) -> None:
    assert weights.flag("denied", ["опроверг"]) > 0.9
    assert weights.flag("past", ["опровергли"]) == 0


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("дом", "not enough values to unpack (expected 3, got 1)"),
        ("дом,много,", "could not convert string to float: 'много'"),
        ("дом,nan,", "a weight is between -20 and 20, not nan"),
        ("дом,1,no.kind:2", "'no.kind' is not a valid EventKind"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_left_out(row: str, told: str) -> None:
    found, faults = read_weights(TABLE + row + "\n")
    assert faults == [(6, told)]
    assert found is not None
    assert "дом" not in found.kinds


def test_a_table_without_its_first_row_cannot_be_used() -> None:
    assert read_weights("stem,weight,kinds\nматч,-1.0,\n") == (
        None, [(1, "no row '*' with the frequency of every kind")]
    )  # fmt: skip


TOLD = (
    "Ткачихи вторые сутки не расходятся с проходной комбината в Шымкенте: пустые миски в руках, на картоне написано, сколько им должны, "
    "начальство обещало выйти к людям и объясниться за невыплаченные деньги, но ворота закрыты."
)


def test_what_no_phrase_tells_is_found_by_all_words_with_the_heaviest_as_reasons(reader: Reader) -> None:
    own = Reader.__new__(Reader)
    assert own is not None
    probability, words = reader.weighed(TOLD) or (0.0, {})
    assert 0 <= probability <= 1
    assert words["проходной"] != 0
    findings = reader.read(TOLD).findings
    assert findings
    assert findings[0].regions == ("KZ-79",)
    assert all(hit.words == TOLD[hit.start : hit.end] for hit in findings[0].because)


def test_a_line_about_an_event_among_other_news_is_not_doubted_for_its_company(reader: Reader) -> None:
    digest = (
        "— Курс доллара вырос до 520 тенге, аналитики ждут решения Нацбанка по ставке.\n"
        "— «Кайрат» обыграл «Астану» в матче чемпионата, гол забили на последней минуте.\n"
        "— В Атырау бастуют двести водителей вахтовых автобусов.\n"
        "— Премьера фильма о космонавтах собрала полные залы, билеты раскуплены на неделю вперёд.\n"
        "— Синоптики обещают тёплые выходные и небольшой дождь на севере."
    )
    assert [finding.kind.value for finding in reader.read(digest).findings] == ["labour.strike"]


def test_few_words_tell_nothing_by_their_weight_alone(reader: Reader) -> None:
    assert not any(
        hit.rule.startswith("weighed")
        for finding in reader.read("Люди у акимата Тараза, полиция").findings
        for hit in finding.because
    )


def test_what_is_told_abroad_is_not_found_by_words_either(reader: Reader) -> None:
    assert reader.read(TOLD.replace("в Шымкенте", "в Ташкенте")).findings == ()
