"""One person told without a number."""

import pytest

from tests.read.test_reader import reader


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("В Алматы полиция задержала активиста", "detained"),
        ("В Алматы 6 июня задержана журналистка, снимавшая митинг", "detained"),
        ("Алматыда полиция белсендіні ұстады", "detained"),
        ("Police in Almaty detained an activist outside the court", "detained"),
        ("34-летний мужчина скончался в СИЗО Павлодара, родные говорят о пытках", "killed"),
        ("Қостанайдағы түрмеде 46 жастағы сотталушы қайтыс болды", "killed"),
        ("A 38-year-old man has died in a police holding cell in Petropavl", "killed"),
        ("В Уральске против активистки возбудили уголовное дело, журналиста обвинили в клевете", ""),
        ("В Алматы задержаны активисты", ""),
        ("В Алматы полиция задержала активиста и ещё несколько человек", ""),
        ("В Алматы полиция задержала журналиста и активиста", ""),
        ("По словам активиста, полиция задержала людей на площади в Алматы", ""),
        ("Police detained an activist and two others in Almaty", ""),
        ("Алматыда белсенділерді ұстады", ""),
        ("Нас увезли в РУВД с площади в Алматы, адвоката не пускают", ""),
        ("Алматыда митингіде адам құқығы қорғаушылары ұсталды", ""),
    ],
)
def test_one_person_is_one_and_somebody_in_the_plural_is_not(text: str, role: str) -> None:
    counts = [finding.counts for finding in reader().read(text).findings]
    assert counts
    ones = {name for found in counts for name, interval in found.items() if interval == (1, 1)}
    assert ones == ({role} if role else set())


def test_a_number_goes_before_a_person() -> None:
    found = reader().read("В Алматы задержали 12 человек, среди них активиста").findings
    assert {finding.counts["detained"] for finding in found if "detained" in finding.counts} == {(12, 12)}
