"""The reader, as a duty desk would try it: what must be found, what must not, and what it says of both."""

from datetime import UTC, datetime
from functools import cache
from time import process_time

import pytest
from pydantic import ValidationError

from monitor.configuration_reading import load_reading, load_written
from monitor.domain.signals import Reading
from monitor.read.lexicon import Entry, Lexicon
from monitor.read.places import Gazetteer
from monitor.read.reader import Reader, example_faults
from monitor.read.tokens import tokenize

JANUARY = datetime(2026, 1, 20, tzinfo=UTC)


@cache
def reader() -> Reader:
    return load_reading(None).reader


def kinds(text: str) -> set[str]:
    return {finding.kind.value for finding in reader().read(text, JANUARY).findings}


@pytest.mark.parametrize(
    ("text", "kind", "region"),
    [
        ("В Алматы задержали 20 активистов на площади Республики", "police.detention", "KZ-75"),
        ("Мыңдаған адам Ақтауда алаңға шықты", "assembly.protest", "KZ-47"),
        ("Oil workers went on strike in Zhanaozen demanding higher pay", "labour.strike", "KZ-47"),
        ("Митинг многодетных семей прошёл в Караганде", "assembly.protest", "KZ-35"),
        ("На площади Астана полиция взяла в кольцо протестующих", "police.kettling", "KZ-75"),
        ("Полиция разогнала митинг в Уральске", "police.force", "KZ-27"),
        ("По всей стране отключили интернет", "net.blackout_national", "KZ"),
        ("В Семее пропал мобильный интернет", "net.mobile_only", "KZ-10"),
        ("Алматыда Telegram мен WhatsApp істемейді", "net.service_block", "KZ-75"),
        ("Суд в Шымкенте арестовал активиста на 15 суток", "prosecution.administrative", "KZ-79"),
        ("Активиста освободили из СИЗО Уральска", "custody.release", "KZ-27"),
        ("В Алматы введено чрезвычайное положение и комендантский час", "state.emergency", "KZ-75"),
        ("В Астане заработал интернет", "net.restored", "KZ-71"),
        ("Журналиста ударили и отобрали камеру в Таразе", "media.attack", "KZ-31"),
        ("Оралда наразылық акциясы өтті", "assembly.protest", "KZ-27"),
    ],
)
def test_events_are_found_with_their_region(text: str, kind: str, region: str) -> None:
    found = {finding.kind.value: finding.regions for finding in reader().read(text, JANUARY).findings}
    assert found.get(kind) == (region,)


@pytest.mark.parametrize(
    "text",
    [
        "Рейс из Алматы задержали на три часа",
        "Полиция задержала наркоторговца в Караганде",
        "Аким области освобождён от должности",
        "Әкім қызметінен босатылды",
        "Қорқыт ата әуежайында жаңа терминал ашылды",
        "Ұстаздар күні Алматыда аталып өтті",
        "В парке Алматы прошёл траурный митинг в память о воинах",
        "Свет отключили в трёх районах Алматы из-за плановых работ",
        "Суд наложил арест на имущество компании в Астане",
        "Компания протестировала новую сеть в Шымкенте",
        "Акции банка выросли, площадь квартиры 60 кв. м",
        "В Минске задержали участников протеста",
        "Protesters clashed with police in Bishkek",
        "The Silk Way car rally passed through Aktau",
        "An air strike hit a depot near Kyiv",
        "Он умер от остановки сердца, cardiac arrest, в Актобе",
        "Учения: условные террористы захватили здание аэропорта в Атырау",
        "Министерство по чрезвычайным ситуациям предупреждает о метели в Акмолинской области",
    ],
)
def test_traps_are_not_events(text: str) -> None:
    assert kinds(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "Алматыда журт аланга шыкты, наразылык болды",
        "Almatyda narazylyq ótti",
        "Almatıda narazılıq ötti",
        "В Алматы прошёл м*итинг",
        "В Алматы прошёл м и т и н г у акимата",
        "В АЛМАТЫ МИТИНГ У АКИМАТА",
        "В Алматы прошел митинг\u200b у аки\u00adмата",
        "#Алматы #митинг идёт сейчас",
    ],
)
def test_degraded_spellings_are_read(text: str) -> None:
    found = {finding.kind.value: finding.regions for finding in reader().read(text, JANUARY).findings}
    assert found.get("assembly.protest") == ("KZ-75",)


def test_a_denial_is_kept_beside_the_claim() -> None:
    reading = reader().read(
        "МВД опровергло задержание активистов в Актобе: информация не соответствует действительности"
    )
    assert [(finding.kind.value, finding.denied) for finding in reading.findings] == [("police.detention", True)]


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        ("На площади в Алматы задержали 30 активистов. В полиции задержания отрицают.", True),
        ("В Алматы задержали 30 активистов, однако в полиции это опровергли", True),
        ("Жители Атырау сообщают, что интернета нет с утра. Минцифры: ограничений не вводили", True),
        ("Полиция отрицает, что била митингующих в Актобе. Очевидцы говорят, что людей избивали дубинками", True),
        ("Алматыда полиция 20 белсендіні ұстады. Полиция бұл ақпаратты жоққа шығарды.", True),
        ("Police detained 20 protesters in Almaty, activists said, but the interior ministry denied this", True),
        ("Полиция Алматы опровергла информацию о задержании активистов на площади", False),
        ("Задержаний на митинге в Уральске не было, заявили в полиции", False),
        ("В WhatsApp распространяется рассылка о комендантском часе в Алматы. В МВД назвали это фейком", False),
        ("В соцсетях пишут, что в Астане отключили интернет. Минцифры опровергло сообщения", False),
        ("Желіде Алматыда төтенше жағдай жарияланды деген қауесет тарады. Әкімдік оны жоққа шығарды.", False),
        ("The interior ministry denied reports that 20 protesters were detained in Almaty", False),
    ],
)
def test_what_a_text_tells_beside_its_denial_is_claimed_and_a_rumour_is_not(text: str, claimed: bool) -> None:
    findings = reader().read(text).findings
    assert findings
    assert all(finding.denied for finding in findings)
    assert any(finding.claimed for finding in findings) == claimed


def test_words_and_offsets_lead_back_to_the_text() -> None:
    text = "🔥 В г. Алматы за\u0301держали 12 активистов; полиция молчит"
    reading: Reading = reader().read(text)
    assert reading.findings
    for hit in (hit for finding in reading.findings for hit in finding.because):
        assert text[hit.start : hit.end] == hit.words


def test_numbers_stand_with_what_they_count() -> None:
    (finding,) = reader().read("В Алматы задержали более 50 активистов").findings
    assert dict(finding.counts) == {"detained": (50, None)}


@pytest.mark.parametrize(
    "text",
    [
        "а" * 1_000_000,
        "\u0301" * 10_000,
        "\ud800митинг",
        "митинг\x00 в Алматы",
        "\u202eмитинг",
        "м*" * 400_000,
        "(" * 300_000,
        "митинг " * 150_000,
        "полиция задержала активистов в Алматы на площади интернет отключили " * 3000,
        "Алматыда белсенділер ұсталды, митинг болды. " * 3000,
        "Almatyda narazylyq boldy ustaldy " * 3000,
        "в 2011 году " * 5000,
        "задержаны 20 человек " * 5000,
        "Алматы Астана Москва " * 5000,
    ],
    ids=["long", "marks", "surrogate", "nul", "rtl", "stars", "brackets", "triggers", "sentence", "kazakh", "latin",
         "years", "numbers", "places"],
)  # fmt: skip
def test_hostile_text_does_no_harm(text: str) -> None:
    reader().read(text)
    spent = min(cpu_seconds(text) for _ in range(5))
    assert spent < 0.25, "0.05 s on a quiet machine; the margin is for a busy one"


def cpu_seconds(text: str) -> float:
    before = process_time()
    reader().read(text)
    return process_time() - before


def test_every_entry_holds_its_own_examples() -> None:
    reading = load_written(None)
    faults = [(entry.id, example_faults(reader(), entry)) for lexicon in reading.lexicons for entry in lexicon.entries]
    assert not [fault for fault in faults if fault[1]]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("На шахте в Караганде началась забаствока рабочих", "labour.strike"),
        ("Бүгін Алматыда полиция белсенділерді митингіде ұстaды", "police.detention"),
    ],
)
def test_a_reader_that_has_met_more_words_than_it_remembers_reads_as_before(
    monkeypatch: pytest.MonkeyPatch, text: str, kind: str
) -> None:
    own = load_reading(None).reader

    def found() -> set[str]:
        return {finding.kind.value for finding in own.read(text, JANUARY).findings}

    assert kind in found()
    monkeypatch.setattr("monitor.read.reader._MEMORY", 40)
    monkeypatch.setattr("monitor.read.mending._MEMORY", 3, raising=False)
    for number in range(60):
        own.read(f"Сегодня забаствовка{'абвгд'[number % 5]} и ещё {chr(1072 + number % 30) * 3}рабочых новых слов")
        assert kind in found()


def test_where_nothing_points_to_an_event_places_may_be_left_unasked() -> None:
    told = "Митинг в Алматы: полиция задержала 20 человек"
    assert reader().read(told, always_places=False) == reader().read(told)
    dull = "В Алматы открыли новую библиотеку"
    assert reader().read(dull, always_places=False).places == ()
    assert [place.name for place in reader().read(dull).places] == ["Almaty"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Қазақстанда интернет баяулады", "Kazakhstan"),
        ("В Московской области открыли школу", "Russia"),
    ],
)
def test_of_two_names_for_the_same_words_the_one_that_is_a_place_is_told(text: str, name: str) -> None:
    assert name in {place.name for place in reader().read(text).places}


@pytest.mark.parametrize(
    ("text", "cause", "found"),
    [
        ("В Актау нет интернета из-за отключения электричества, сообщил Казахтелеком.", "power", "net.outage"),
        ("Обрыв кабеля: в Шымкенте нет интернета у абонентов Казахтелекома.", "cable", "net.blackout_local"),
        ("Казахтелеком проводит плановые работы, в Актау отключён интернет.", "maintenance", "net.outage"),
        ("По требованию уполномоченных органов мобильный интернет отключён в Алматы.", "order", "net.mobile_only"),
        ("Ақтауда жарық өшті, интернет жоқ.", "power", "net.outage"),
        ("Power outage in Aktau: the internet is down across the city.", "power", "net.outage"),
        ("Planned maintenance: internet is down in Astana.", "maintenance", "net.outage"),
        ("В Алматы отключили интернет.", None, "net.blackout_local"),
    ],
)
def test_a_cause_that_is_named_beside_a_loss_of_the_network_is_a_reason_of_it(
    text: str, cause: str | None, found: str
) -> None:
    reading = reader().read(text, JANUARY)
    rules = {hit.rule.rpartition(".")[2] for one in reading.findings for hit in one.because if ".cause." in hit.rule}
    assert rules == ({cause} if cause else set())
    assert found in {one.kind.value for one in reading.findings}


def test_a_power_cut_that_says_nothing_of_the_network_is_no_event_of_ours() -> None:
    assert kinds("В Алматы отключили свет в нескольких районах.") == set()
    assert kinds("Плановые работы: в Актау отключат свет.") == set()


PICTURE = {
    "id": "ru.own", "kind": "assembly.protest", "any": ["стоят"], "least": 2,
    "some": [["матери"], ["плакат*"], ["акимат*"]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Матери стоят у входа. В руках плакаты.", True),
        ("Стоят у акимата с плакатами", True),
        ("Матери стоят в очереди", False),
        ("Плакаты. Одно. Другое. Матери стоят в очереди", False),
    ],
)
def test_of_the_parts_of_a_picture_some_are_enough(text: str, found: bool) -> None:
    lexicon = Lexicon(language="ru", entries=(Entry.model_validate(PICTURE),))
    assert bool(Reader([lexicon], Gazetteer(())).read(text).findings) is found


def test_more_parts_than_there_are_cannot_be_asked_for() -> None:
    with pytest.raises(ValidationError, match="asks for 4 of the 3 groups"):
        Entry.model_validate({**PICTURE, "least": 4})


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("В Алма-Ате и Мангистауской области объявлен комендантский час", {"KZ-75", "KZ-47"}),
        ("Дачники под Конаевом перекрыли дорогу Алматы — Талдыкорган, требуя воды", {"KZ-19"}),
        ("Residents of Besaryk in the Kyzylorda region blocked the highway to Shymkent, demanding water", {"KZ-43"}),
        ("Қызылорда. Ақсу ауылының тұрғындары наразылық акциясына шықты", {"KZ-43"}),
        ("Суд в Уральске арестовал активистку Гульмиру Сатпаеву на десять суток за пост о митинге", {"KZ-27"}),
        ("Activists in Uralsk protested the jailing of Vladimir Kozlov", {"KZ-27"}),
        ("Human Rights Watch says activists were detained at a rally in Uralsk", {"KZ-27"}),
        ("In Uralsk Karimova and ten more activists were detained at a rally", {"KZ-27"}),
        ("Многодетные матери вышли на митинг у Министерства труда в столице", {"KZ-71"}),
        ("Рабочие объявили забастовку в Каскелене", {"KZ-19"}),
        ("Суд Балхаша арестовал активиста на 15 суток за участие в митинге", {"KZ-35"}),
    ],
)
def test_places_side_by_side_are_told_apart(text: str, regions: set[str]) -> None:
    assert {region for finding in reader().read(text).findings for region in finding.regions} == regions


@pytest.mark.parametrize(
    "text",
    [
        "В Грузии четвёртую ночь водомёты. На проспекте больше ста задержанных на митинге. В Казахстане посольство предупредило граждан.",
        "Митинг прошёл в Джалал-Абаде, полиция задержала 20 человек",
        "Нөкісте наразылық акциясы өтіп, полиция 20 адамды ұстады",
        "Hundreds of protesters rallied in Khorog and police detained 20 people",
    ],
)
def test_what_happens_abroad_stays_abroad(text: str) -> None:
    assert reader().read(text).findings == ()


@pytest.mark.parametrize(
    "text",
    [
        "Жители Астаны не могут зайти в Telegram и WhatsApp. В министерстве говорят, что ограничений не вводили",
        "Осуждённый рассказал, что в колонии Павлодара его избили. В ДУИС ответили, что физическая сила не применялась",
    ],
)
def test_a_denial_is_who_says_what_is_not(text: str) -> None:
    findings = reader().read(text).findings
    assert findings
    assert all(finding.denied for finding in findings)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("{}да наразылық акциясы өтіп, полиция 20 адамды ұстады", ("Кения", "Колумбия", "Куба", "Сауд Арабиясын", "Жаңа Зеландия")),
        ("Митинг прошёл в {}, полиция задержала 20 человек", ("Танзании", "Уругвае", "Новой Зеландии", "Южном Судане", "Кувейте")),
        ("Protesters rallied in {} and police detained 20 people", ("Madagascar", "Honduras", "Papua New Guinea", "Iceland")),
        ("{}da narazılıq aktsiyasy ötip, policiya 20 adamdı qamadı", ("Kolumbiya", "Gonkong")),
    ],
)  # fmt: skip
def test_every_country_is_known(pattern: str, names: tuple[str, ...]) -> None:
    assert [name for name in names if reader().read(pattern.format(name)).findings] == []


@pytest.mark.parametrize(
    "text",
    ["Ақтауда жұмысшылар «Айлықты төле!» деп, ереуіл жариялады", "«Долой!» — скандировали на митинге в Алматы"],
)
def test_a_quotation_does_not_end_the_sentence_around_it(text: str) -> None:
    assert set(tokenize(text).sentences) == {0}


def test_a_kazakh_name_on_sk_takes_a_vowel_before_its_case() -> None:
    (finding,) = reader().read("Степногорскіде митинг өтті").findings
    assert finding.regions == ("KZ-11",)


@pytest.mark.parametrize(
    "text",
    [
        "Полиция задержала в Алматы 20 активистов, адвоката у них не было, сообщили правозащитники",
        "Полиция задержала в Алматы 20 активистов на митинге. В акимате заявили, что ограничений в интернете не вводили.",
        "Police detained 20 activists in Almaty who were not allowed to call lawyers, rights defenders said",
        "Отключили интернет в Актау. Оператор сообщил, что на помощь никто не приехал",
    ],
)
def test_what_is_not_said_of_the_event_does_not_deny_it(text: str) -> None:
    findings = reader().read(text).findings
    assert findings
    assert not any(finding.denied for finding in findings)


@pytest.mark.parametrize(
    "text",
    [
        "Митинг против роста цен прошёл в Алматы. Накануне суд арестовал активиста на 15 суток за пост.",
        "Бүгін Алматыда митинг өтті. Кеше сот белсендіні 15 тәулікке қамады.",
        "A rally took place in Almaty today. A court jailed an activist for 15 days on the eve.",
    ],
)
def test_a_rally_of_its_own_stands_beside_a_court(text: str) -> None:
    assert "assembly.protest" in {finding.kind.value for finding in reader().read(text).findings}


@pytest.mark.parametrize(
    "text",
    [
        "В Алматы арестовали активиста на 15 суток за пост о митинге",
        "Акимат Уральска не разрешил митинг на площади",
    ],
)
def test_what_a_court_or_a_refusal_is_about_is_no_rally(text: str) -> None:
    findings = reader().read(text).findings
    assert findings
    assert "assembly.protest" not in {finding.kind.value for finding in findings}


@pytest.mark.parametrize(
    "text",
    [
        "14 February. Novosibirsk, Russia. A man from Pavlodar was detained at a one-person picket against the war",
        "Students blocked bridges in Novi Sad. One of them, born in Aktobe, says police beat her with batons in the cell",
        "The Foreign Ministry in Astana said 14 students left Dhaka as clashes left nine dead and a curfew was imposed",
        "Москвада полиция Алматыдан барған белсендіні ұстады",
    ],
)
def test_where_somebody_is_from_or_an_office_speaks_is_no_place_of_an_event_abroad(text: str) -> None:
    assert not reader().read(text).findings


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Активиста из Уральска, который критиковал Россию за войну, задержали после пикета", "KZ-27"),
        ("Four relatives of people held in Xinjiang picketed the Chinese consulate in Almaty", "KZ-75"),
        (
            "Портал, где вышло расследование о даче, из Казахстана отвечает белой страницей. Через Стамбул и Прагу грузится мгновенно",
            "KZ",
        ),
        (
            "Правозащитница из Караганды Елена Шадрина нашла на двери венок, ей пишут с угрозами. Шадрина смотрит за колониями",
            "KZ-35",
        ),
    ],
)
def test_a_place_named_aside_stays_where_nothing_abroad_is_told(text: str, region: str) -> None:
    assert {finding.regions for finding in reader().read(text).findings} == {(region,)}


@pytest.mark.parametrize(
    "text",
    [
        "Моя мама узнала, что я не ем мясо. На кухне стихийный митинг, бабушка перекрыла холодильник",
        "Мошенники говорят, что с вашего счёта финансировали митинг, и просят перевести деньги",
        "Его адвокат назвал процесс «забастовкой здравого смысла». Апелляция — в мае",
        "Завтра субботник во дворе, а не митинг",
    ],
)
def test_a_bare_word_of_an_event_is_no_event(text: str) -> None:
    assert not reader().read(text).findings


@pytest.mark.parametrize("text", ["Митинг в Уральске", "Забастовка, Жетыбай", "Митинг против уплотнительной застройки"])
def test_a_bare_word_with_a_place_or_a_reason_is_one(text: str) -> None:
    assert reader().read(text).findings


def test_a_month_is_no_march_and_an_office_no_place() -> None:
    assert {
        finding.kind.value for finding in reader().read("On 22 March 2026 police in Taraz opened a museum").findings
    } == set()
    assert (
        not reader()
        .read(
            "Беспорядки в Лос-Анджелесе: полиция применила слезоточивый газ. МИД Казахстана рекомендовал избегать скопления людей"
        )
        .findings
    )
    (finding,) = reader().read("Водители большегрузов бастуют на границе с Китаем в Жаркенте").findings
    assert finding.regions == ("KZ-33",)


def test_how_many_came_may_be_told_last_and_money_says_more_than_its_unit() -> None:
    text = (
        "Торговцы рынка в Астане перекрыли проспект, они против сноса. Дали трое суток. Полиция оттесняет. Пробка до вокзала. "
        "По оценкам, от 150 до 200 человек"
    )
    (protest,) = [finding for finding in reader().read(text).findings if finding.kind.value == "assembly.protest"]
    assert protest.counts["participants"] == (150, 200)
    fined = reader().read("Суд в Алматы оштрафовал активиста за митинг: 20 МРП (86 500 тенге)").findings
    assert fined[0].counts["fine"] == (86_500, 86_500)
