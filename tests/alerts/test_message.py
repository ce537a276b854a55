"""What a message says: numbers and the nouns behind them, as a reader of that language would say them aloud."""

from dataclasses import replace
from functools import cache
from typing import Literal

import pytest

from alerts.message import Composer, Subject
from alerts.message_words import COUNTED
from alerts.routes import Destination
from monitor.configuration import load_configuration
from monitor.domain.alerts import Reason
from monitor.domain.rules import Rule
from tests.store.cast import NOON, incident, report, signal

RULE = Rule.model_validate(
    {"id": "d", "title": "Detentions", "severity": "high", "when": {"kinds": ["police.detention"]}}
)


@cache
def composer() -> Composer:
    configuration = load_configuration(None)
    return Composer(configuration.regions, configuration.sources)


def support(language: Literal["ru", "kk", "en"], witnesses: int, signals: int) -> str:
    """The line that says what an incident rests on."""
    told = signal(report("1"))
    one = replace(
        incident("i", told), witnesses=tuple(f"w{number}" for number in range(witnesses)), signal_count=signals
    )
    subject = Subject(incident=one, rule=RULE, reason=Reason.FIRST, signals=(told,), since=NOON)
    body = composer().words(subject, Destination(id="r", kind="console", language=language)).body
    return body.splitlines()[3]


@pytest.mark.parametrize(
    ("count", "witnesses", "signals"),
    [
        (0, "независимых свидетелей", "сообщений"),
        (1, "независимый свидетель", "сообщение"),
        (2, "независимых свидетеля", "сообщения"),
        (4, "независимых свидетеля", "сообщения"),
        (5, "независимых свидетелей", "сообщений"),
        (11, "независимых свидетелей", "сообщений"),
        (12, "независимых свидетелей", "сообщений"),
        (14, "независимых свидетелей", "сообщений"),
        (20, "независимых свидетелей", "сообщений"),
        (21, "независимый свидетель", "сообщение"),
        (22, "независимых свидетеля", "сообщения"),
        (111, "независимых свидетелей", "сообщений"),
        (113, "независимых свидетелей", "сообщений"),
        (121, "независимый свидетель", "сообщение"),
    ],
)
def test_russian_nouns_stand_in_the_form_that_their_number_asks_for(count: int, witnesses: str, signals: str) -> None:
    assert support("ru", count, count).endswith(f"; {count} {witnesses}, {count} {signals}.")


def test_kazakh_nouns_stay_as_they_are_behind_any_number() -> None:
    assert support("kk", 1, 25).endswith("; 1 тәуелсіз куә, 25 хабар.")
    assert support("kk", 3, 1).endswith("; 3 тәуелсіз куә, 1 хабар.")


def test_english_nouns_are_of_one_or_of_many() -> None:
    assert support("en", 1, 21).endswith("; 1 independent witness, 21 signals.")
    assert support("en", 2, 1).endswith("; 2 independent witnesses, 1 signal.")


def test_every_counted_noun_has_all_forms_of_its_language() -> None:
    assert {language: len(forms) for noun in COUNTED.values() for language, forms in noun.items()} == {
        "en": 2, "ru": 3, "kk": 1,
    }  # fmt: skip


def short(reason: Reason, language: Literal["ru", "kk", "en"] = "en") -> str:
    told = signal(report("1"))
    subject = Subject(incident=incident("i", told), rule=RULE, reason=reason, signals=(told,), since=NOON)
    return composer().words(subject, Destination(id="r", kind="console", language=language)).short


def test_the_one_line_on_a_phone_says_what_changed_and_how_serious_it_is() -> None:
    assert "(HIGH)" in short(Reason.FIRST)
    assert short(Reason.FIRST).startswith("Almaty: ")
    assert short(Reason.ESCALATED).startswith("More serious now. Almaty: ")
    assert short(Reason.RESOLVED).startswith("Ended. Almaty: ")
    assert short(Reason.RESOLVED, "ru").startswith("Завершилось. ")


def test_a_denial_is_named_beside_what_the_same_report_tells() -> None:
    told = signal(report("1"), denied=True, claimed=True)
    subject = Subject(incident=incident("i", told), rule=RULE, reason=Reason.FIRST, signals=(told,), since=NOON)
    body = composer().words(subject, Destination(id="r", kind="console", language="en")).body
    assert "Officials deny it: " in body
    assert "Numbers reported: detained 3+" in body
