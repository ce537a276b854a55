"""What is told as past, and what only recalls the past and is of today."""

from datetime import UTC, datetime

import pytest

from tests.read.test_reader import reader

JANUARY = datetime(2026, 1, 20, tzinfo=UTC)


def test_the_past_is_told_as_past() -> None:
    reading = reader().read("В 2011 году в Жанаозене бастовали нефтяники", JANUARY)
    assert all(finding.past for finding in reading.findings)
    assert reading.findings


@pytest.mark.parametrize(
    "text",
    [
        "В годовщину Жанаозена активистов задержали в Алматы",
        "Сегодня, в третью годовщину Января, в Алматы прошёл митинг у монумента. Задержаны 12 активистов.",
        "Матери погибших в январских событиях вышли с портретами к Генпрокуратуре в Астане",
        "Қаңтарда қаза болғандардың туыстары бүгін Астанада Бас прокуратураның алдында портрет ұстап тұрды.",
        "Women whose husbands were jailed after the January events picketed the Supreme Court in Astana.",
        "Police detained seven activists in Almaty on the anniversary of the January unrest",
        "Суд признал забастовку рабочих в Жанаозене незаконной, но люди не расходятся.",
    ],
)
def test_what_happens_on_the_day_that_recalls_the_past_is_of_today(text: str) -> None:
    findings = reader().read(text, JANUARY).findings
    recalled = {"police.lethal", "unrest.violence"}
    assert {finding.past for finding in findings if finding.kind.value not in recalled} == {False}
    assert all(finding.past for finding in findings if finding.kind.value in recalled)


@pytest.mark.parametrize(
    "text",
    [
        "В Алматы вспоминают годовщину январских митингов: тогда были задержаны тысячи людей.",
        "Мать погибшего рассказала, как в январские события полиция открыла огонь по протестующим в Алматы",
        "In December 2011 police shot dead at least 16 striking oil workers in Zhanaozen.",
        "16 декабря 2011 года в Жанаозене полиция стреляла по бастующим нефтяникам, погибли 16 человек.",
        "В январе 2022 года в Алматы полиция задержала 20 активистов на площади",
    ],
)
def test_an_undated_text_that_looks_back_tells_the_past(text: str) -> None:
    findings = reader().read(text).findings
    assert findings
    assert all(finding.past for finding in findings)


@pytest.mark.parametrize(
    "text",
    [
        "5 января 2022 года в Алматы полиция задержала 20 активистов на площади",
        "On 5 January 2022, police in Almaty detained 20 protesters",
        "2022 жылғы 5 қаңтарда Алматыда полиция 20 белсендіні ұстады",
    ],
)
def test_a_full_date_is_held_against_the_day_of_publishing(text: str) -> None:
    for published_at, past in ((datetime(2022, 1, 5, 12, tzinfo=UTC), False), (JANUARY, True)):
        findings = reader().read(text, published_at).findings
        assert {finding.past for finding in findings} == {past}
