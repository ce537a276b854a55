"""The trap table: words with two senses. The harmless side says nothing, the other side says what happened."""

from datetime import UTC, datetime
from functools import cache

import pytest

from monitor.configuration_reading import load_reading
from monitor.read.reader import Reader

DAY = datetime(2026, 3, 3, tzinfo=UTC)

# (trap, harmless, real, kind of the real one)
TABLE = [
    ("семей", "Помощь получили сорок семей", "В Семее прошёл митинг", "assembly.protest"),
    ("семей, кк", "Жас отбасы семей болды деп жазды", "Семейде наразылық акциясы өтті", "assembly.protest"),
    ("митинг многодетных семей", "Для многодетных семей открыли центр", "Митинг многодетных семей в Таразе", "assembly.protest"),
    ("орал", "Сосед орал всю ночь", "Орал қаласында митинг өтті", "assembly.protest"),
    ("ақтау", "Сот оны ақтау туралы шешім шығарды, іс ұрлыққа қатысты", "Ақтауда наразылық болды", "assembly.protest"),
    ("ақталды", "Кәсіпкер ақталды, ол алаяқтық үшін айыпталған", "Белсенді сот залында ақталды", "custody.release"),
    ("площадь Астана", "На площади Астана открыли ярмарку", "На площади Астана полиция окружила активистов", "police.kettling"),
    ("Абай", "На проспекте Абая прорвало трубу", "В области Абай жители вышли на митинг", "assembly.protest"),
    ("Жетысу", "В Жетысуском районе Алматы открыли школу", "В области Жетысу прошла акция протеста", "assembly.protest"),
    ("көше", "Көше жөнделді, жарық қойылды", "«Көше партиясының» жақтастары ұсталды", "police.detention"),
    ("запрет партии", "Партию муки вернули поставщику", "Суд запретил «Көше партиясы» как экстремистскую партию", "association.ban"),
    ("задержка", "Задержка рейса составила три часа", "Задержаны активисты в Астане", "police.detention"),
    ("задержали рейс", "Рейс задержали из-за тумана", "Полицейские задержали активистов", "police.detention"),
    ("задержка зарплаты", "Зарплату задержали на месяц", "Задержали участников митинга за зарплату", "police.detention"),
    ("протестировать", "Инженеры протестировали мост", "Жители протестовали против карьера", "assembly.protest"),
    ("акции", "Акции банка подорожали", "В Караганде прошла акция протеста", "assembly.protest"),
    ("площадь 60 кв. м", "Площадь квартиры 60 кв. м", "Тысячи людей вышли на площадь", "assembly.protest"),
    ("арест имущества", "Арест имущества должника отменили", "Активисту дали арест на 15 суток", "prosecution.administrative"),
    ("арест счетов", "Наложен арест на счета компании", "Суд назначил активистке административный арест", "prosecution.administrative"),
    ("домашний арест в кино", "В фильме герой отбывает домашний арест", "Активиста отправили под домашний арест", "prosecution.criminal"),
    ("освобождён", "Аким освобождён от должности", "Активист освобождён из СИЗО", "custody.release"),
    ("босатылды", "Әкім қызметінен босатылды", "Белсенді қамаудан босатылды", "custody.release"),
    ("жұмыстан босатылды", "Ол жұмыстан босатылды", "Ұсталған журналист түнде босатылды", "custody.release"),
    ("үкімет", "Үкімет бюджетті бекітті", "Белсендіге үкім шықты: үш жыл", "prosecution.criminal"),
    ("ұстаз", "Ұстаз мерекесімен құттықтады", "Белсенді ұсталды", "police.detention"),
    ("ұстаным", "Партияның ұстанымы өзгерген жоқ", "Наразылық кезінде он адам ұсталды", "police.detention"),
    ("қамал", "Ескі қамал мұражайға айналды", "Белсенді 10 тәулікке қамалды", "prosecution.administrative"),
    ("тарату", "Ақпарат тарату ережесі өзгерді", "Полиция шеруді таратты", "police.force"),
    ("тараған", "Бұл хабар желіде тараған", "Алаңдағы халықты полиция таратып жіберді", "police.force"),
    ("аты-жөні", "Аты-жөні мен мекенжайын жазды", "Әскер халыққа оқ атты", "police.lethal"),
    ("ата-ана", "Ата-аналар мектепте жиналды", "Алаңда атыс болды", "police.lethal"),
    ("Қорқыт ата", "Қорқыт ата әуежайы ашылды", "Белсендіні белгісіз адамдар қорқытты", "defender.harassment"),
    ("төтенше жағдайлар", "Төтенше жағдайлар министрлігі боранды ескертті", "Облыста төтенше жағдай жарияланды", "state.emergency"),
    ("МЧС, ДЧС", "ДЧС: из реки спасли рыбака", "В городе введено чрезвычайное положение", "state.emergency"),
    ("котёл", "Котёл отопления починили", "Активисты стоят в полицейском котле", "police.kettling"),
    ("кольцо", "Кольцо продали на аукционе", "Полиция взяла в кольцо протестующих", "police.kettling"),
    ("огонь", "Вечный огонь зажгли в парке", "Военные открыли огонь по толпе", "police.lethal"),
    ("траурный митинг", "Траурный митинг прошёл у монумента", "После траура жители вышли на митинг и требуют отставки акима", "assembly.protest"),
    ("митинг-реквием", "Митинг-реквием собрал ветеранов", "Митинг собрал тысячу человек против тарифов", "assembly.protest"),
    ("еске алу", "Құрбандарды еске алу шарасы өтті", "Жылдығы күні алаңда белсенділер ұсталды", "police.detention"),
    ("учения", "На учениях условные террористы захватили аэропорт", "Толпа захватила аэропорт Алматы", "unrest.violence"),
    ("оқу-жаттығу", "Оқу-жаттығуда шартты лаңкестер ғимаратты басып алды", "Тобыр әкімдікті басып алды", "unrest.violence"),
    ("плановые работы", "Плановые работы: интернет отключат ночью", "В Таразе отключили интернет", "net.blackout_local"),
    ("свет отключили", "Свет отключили в трёх домах", "Связь глушат на площади", "net.blackout_local"),
    ("air strike", "An air strike hit a depot", "Miners went on strike", "labour.strike"),
    ("strike, football", "The striker scored a late goal", "A walkout by oil workers began", "labour.strike"),
    ("car rally", "A car rally starts in May", "A rally against prices was held", "assembly.protest"),
    ("March", "The minister arrived in March", "Women held a protest march", "assembly.protest"),
    ("cardiac arrest", "He died of cardiac arrest", "Mass arrest of activists continued", "police.detention"),
]  # fmt: skip

KINSMEN = [
    "Годовщина Жанаозена: в мечети прочли молитву",
    "Митинг памяти жертв репрессий прошёл в Астане",
    "Zhanaozen marked the anniversary with a minute of silence",
    "В Тбилиси полиция разогнала митинг, среди задержанных гражданин Казахстана",
    "Токаев прилетел в Минск, где проходят протесты",
    "Uzbekistan blocks TikTok; Kazakh users unaffected",
    "Мәскеуде митингке шыққан Қазақстан азаматы ұсталды",
    "Забастовка пилотов в Германии: рейсы Алматы — Франкфурт отменены",
    "Россияне выходят на митинги, пишет казахстанский портал",
    "Полицейские Шымкента отработали на учениях разгон условной толпы",
    "Scheduled maintenance: internet in Astana may be unavailable at night",
    "Байланыс жөндеуге байланысты түнде болмайды",
    "Авария на подстанции: без электричества остались два села",
    "Болельщики вышли на площадь праздновать победу",
    "Фильм о забастовке шахтёров покажут в столице Казахстана",
    "Акция! Скидки до 50 % на всё в Алматы",
    "В Павлодаре задержали наркокурьера",
    "Полиция Павлодара мал ұрысын ұстады",
    "Police in Karaganda detained a gang of car thieves",
    "Забастовка организма: почему весной нет сил",
    "My stomach is on strike",
    "Цены на сахар штурмуют новые высоты",
    "Если рабочие объявят забастовку, завод встанет",
    "Егер ереуіл басталса, зауыт тоқтайды",
    "Could people be detained for a like?",
    "Никаких митингов не было, город спокоен",
    "Ақтөбеде митинг болған жоқ, қала тыныш",
    "No protests took place in Taraz today",
    "Митинги не планируются, сообщили в акимате",
    "Памятка журналисту: как вести себя, если отбирают камеру",
    "What to do if you are detained at a rally: a guide",
    "Новый тариф: интернет без ограничений, подключайтесь",
    "Прокурор внёс протест на приговор",
    "Закон о мирных собраниях обсудили на круглом столе",
]


@cache
def reader() -> Reader:
    return load_reading(None).reader


def alarms(text: str) -> set[str]:
    return {finding.kind.value for finding in reader().read(text, DAY).findings if not finding.past}


@pytest.mark.parametrize("harmless", [row[1] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_harmless_sense_is_no_alarm(harmless: str) -> None:
    assert alarms(harmless) == set()


@pytest.mark.parametrize(("real", "kind"), [row[2:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_real_sense_is_heard(real: str, kind: str) -> None:
    assert kind in {finding.kind.value for finding in reader().read(real, DAY).findings}


@pytest.mark.parametrize("text", KINSMEN)
def test_kinsmen_of_the_traps_are_no_alarm(text: str) -> None:
    assert alarms(text) == set()
