"""Numbers as honest intervals: each way of telling one, whom it counts, and the numbers that count nobody."""

import pytest

from monitor.read.counts import counts
from monitor.read.counts_numbers import numbers
from monitor.read.tokens import tokenize

SAID = [
    ("20 человек", 20, 20),
    ("1 200 человек", 1200, 1200),
    ("1,5 тысячи человек", 1500, 1500),
    ("полтора десятка человек", 15, 15),
    ("полторы сотни человек", 150, 150),
    ("пара десятков человек", 18, 22),
    ("с десяток человек", 9, 11),
    ("несколько десятков человек", 20, None),
    ("несколько сотен человек", 200, None),
    ("десятки тысяч человек", 20_000, None),
    ("десятки человек", 20, None),
    ("больше сотни человек", 100, None),
    ("сто с лишним человек", 100, None),
    ("не менее ста человек", 100, None),
    ("не меньше ста человек", 100, None),
    ("по меньшей мере сто человек", 100, None),
    ("как минимум 16 человек", 16, None),
    ("не более 20 человек", 1, 20),
    ("не больше двадцати человек", 1, 20),
    ("менее 50 человек", 1, 50),
    ("более чем 50 человек", 50, None),
    ("50+ человек", 50, None),
    ("20 и более человек", 20, None),
    ("порядка сорока человек", 36, 44),
    ("около двух десятков человек", 18, 22),
    ("человек сто пятьдесят", 135, 165),
    ("человек 200", 180, 220),
    ("до тридцати человек", 1, 30),
    ("от 20 до 30 человек", 20, 30),
    ("двадцать-тридцать человек", 20, 30),
    ("два-три десятка человек", 20, 30),
    ("число задержанных выросло с 20 до 35", 35, 35),
    ("пять мужчин и трое женщин", 8, 8),
    ("жүзге жуық адам", 90, 110),
    ("елуден астам адам", 50, None),
    ("кемінде 30 адам", 30, None),
    ("шамамен сексен адам", 72, 88),
    ("20-30 адам", 20, 30),
    ("20 мен 30 аралығындағы", 20, 30),
    ("жиырмаға дейін адам", 1, 20),
    ("бірнеше жүз адам", 200, None),
    ("он екі адам", 12, 12),
    ("бес ер адам мен төрт әйел", 9, 9),
    ("some 30 people", 27, 33),
    ("an estimated 300 people", 270, 330),
    ("upwards of 60 people", 60, None),
    ("well over a hundred people", 100, None),
    ("no fewer than five people", 5, None),
    ("no more than 20 people", 1, 20),
    ("up to 400 people", 1, 400),
    ("as many as 40 people", 1, 40),
    ("a dozen people", 11, 13),
    ("half a dozen people", 5, 7),
    ("two dozen people", 24, 24),
    ("several hundred people", 200, None),
    ("dozens of people", 20, None),
    ("scores of people", 40, None),
    ("20 or more people", 20, None),
    ("twenty or so people", 18, 22),
]


SAID += [
    ("около 15 человек", 13, 17),
    ("более чем трёх тысячах", 3000, None),
    ("более четырёх с половиной тысяч", 4500, None),
    ("до десяти выросло число жертв", 10, 10),
    ("17 killed and more than 1,300 injured", 17, 17),
    ("20-дай әйел", 18, 22),
    ("кемі 25 адам", 25, None),
    ("10 тәуліктен 20 тәулікке дейін", 10, 20),
]


@pytest.mark.parametrize(("said", "low", "high"), SAID)
def test_a_number_is_an_honest_interval(said: str, low: int, high: int | None) -> None:
    first = numbers(tokenize(said))[0]
    assert (first.low, first.high) == (low, high)


COUNTED = [
    ("задержаны 12 человек", {"detained": (12, 12)}),
    ("трое убиты, 11 ранены", {"killed": (3, 3), "injured": (11, 11)}),
    ("Алматы: трое убиты", {"killed": (3, 3)}),
    ("killing three and wounding 11", {"killed": (3, 3), "injured": (11, 11)}),
    ("задержаны 14 человек, в том числе трое журналистов", {"detained": (14, 14)}),
    ("задержаны 14 человек, двое из них журналисты", {"detained": (14, 14)}),
    ("12 people were detained, three of them reporters", {"detained": (12, 12)}),
    ("ранее сообщалось о 20 задержанных, теперь их уже 35", {"detained": (35, 35)}),
    ("earlier reports spoke of 20 detainees; the figure has climbed to 31", {"detained": (31, 31)}),
    ("по данным полиции, задержаны 12 человек, активисты говорят о 40", {"detained": (12, 40)}),
    ("police said 14 people were detained; activists put the number at 40", {"detained": (14, 40)}),
    ("200 marchers were detained", {"detained": (200, 200)}),
    ("на площадь вышли 200 человек, 15 из них задержали", {"participants": (200, 200), "detained": (15, 15)}),
    ("200 people rallied, 15 of them were detained", {"participants": (200, 200), "detained": (15, 15)}),
    ("at the rally were 60 environmentalists", {"participants": (60, 60)}),
    ("полтора десятка феминисток", {"participants": (15, 15)}),
    ("жүз үлескер", {"participants": (100, 100)}),
    ("on adam ustaldy", {"detained": (10, 10)}),
    ("арест на 15 суток", {"days": (15, 15)}),
    ("штраф 40 МРП", {"fine": (40, 40)}),
]


COUNTED += [
    ("Погибли, по официальным данным, 14 человек", {"killed": (14, 14)}),
    ("Шахтёры под землёй. Их 63.", {"participants": (63, 63)}),
    ("There were about 200 of us", {"participants": (180, 220)}),
    ("На смену не вышли около 120 сотрудников завода", {"participants": (108, 132)}),
    ("Пострадали двое сотрудников полиции", {"injured": (2, 2)}),
    ("Police killed at least 15 people and wounded more than 100", {"killed": (15, None), "injured": (100, None)}),
    ("On 26 August 2024, dozens of farmers rallied", {"participants": (20, None)}),
    ("On 8 November around 50 unemployed men rallied [size=about 50]", {"participants": (45, 55)}),
    ("4 мамырда 60-қа тарта жұмысшы жиналды", {"participants": (54, 66)}),
    ("«Қазақ елі» монументінің жанында отызға жуық адам жиналды", {"participants": (27, 33)}),
    ("Бір топ белсенді әкімдікке барды", {}),
    ("Шахталардың бірінде 120 кенші жер бетіне көтерілмеді", {"participants": (120, 120)}),
    ("27 Jan - Astana: a dozen or so mothers held a sit-in", {"participants": (11, 13)}),
    ("workers (size=about a dozen) parked their trucks", {"participants": (11, 13)}),
    ("Some 120 bus drivers stayed in the depot", {"participants": (108, 132)}),
    ("About 200 took part in the rally", {"participants": (180, 220)}),
    ("five people, including two policemen, were hurt", {"injured": (5, 5)}),
    ("пострадали пять человек, в том числе двое детей", {"injured": (5, 5)}),
    ("alañda ekı jüzge juyq adam tūr", {"participants": (180, 220)}),
    ("8 naýryz sherýinen keiin qyzdardyń úsheýi ustaldy", {"detained": (3, 3)}),
    ("Сидят уже часа два, человек 60–70", {"participants": (60, 70)}),
    ("пенсионеры держат плакаты, их десятка два", {"participants": (18, 22)}),
    ("Увели минимум шестерых, среди них две девушки", {"detained": (6, None)}),
    ("Около 50 жителей микрорайона Заречный-3 перегородили дорогу", {"participants": (45, 55)}),
    ("about fifty of them with children in their arms", {"participants": (45, 55)}),
    ("за 190 000 ₸ стоят десять человек", {"participants": (10, 10)}),
    ("шестеро сельчан обратились в райбольницу", {"injured": (6, 6)}),
]


@pytest.mark.parametrize(("said", "expected"), COUNTED)
def test_a_number_counts_whom_its_clause_speaks_of(said: str, expected: dict[str, tuple[int, int | None]]) -> None:
    found: dict[str, tuple[int, int | None]] = {}
    for hit in counts(tokenize(said)):
        found.setdefault(hit.role, (hit.low, hit.high))
    assert found == expected


@pytest.mark.parametrize(
    "said",
    [
        "в 18:30 задержаны активисты",
        "к 18.00 задержаны активисты",
        "at 6 pm activists were detained",
        "задержаны активисты в возрасте 20 и 25 лет",
        "women aged 19 to 24 were detained",
        "задержания в трёх городах",
        "задержали людей, пять автозаков стоят у площади",
        "20 полицейских вышли на площадь",
        "в 2022 году людей задерживали",
        "он задержан на площади",
        "protests on Friday: people detained",
        "дом 15, где задержали людей",
        "задержан участник № 58",
        "задержан на 5-й день голодовки",
        "12,5 процента участников",
        "12 % участников",
        "слухи о митинге на Абая, 25",
        "120 buses stood at the depot",
        "Требуют: 1) поднять тариф 2) выдать спецодежду рабочим",
        "they gathered on February 17 and were detained",
        "наурыздың 2 күні белсенділер ұсталды",
    ],
)
def test_times_ages_things_and_names_count_nobody(said: str) -> None:
    assert counts(tokenize(said)) == []
