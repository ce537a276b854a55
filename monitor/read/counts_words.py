"""The words of numbers in Russian, Kazakh and English: spelled numbers, modifiers, and what is counted."""

import re
from typing import Final


def _all_cases() -> dict[str, int]:
    """Spelled numbers in their cases."""
    plain = {
        1: "один одна одного одну одному одним bir бір bir one", 2: "два две двух двум двое двоих двоим двумя екеу екеуі екеуін екеуінің екі eki ekі ekı ekeui ekeýi two",
        3: "три трех трое троих троим тремя үшеуі үшеуін үш уш ush úsh üş uch úsheýi usheui üşeui three", 4: "четыре четырех четверо четверых четверым төрт торт tort tórt tört four",
        5: "пять пяти пятеро пятерых пятерым бес bes five", 6: "шесть шести шестеро шестерых алты alty altı six",
        7: "семь семи семеро семерых жеті жети jeti zheti seven", 8: "восемь восьми восьмерых сегіз сегиз segiz eight",
        9: "девять девяти тоғыз тогыз togyz toǵyz toğız nine", 10: "десять десяти он on ten", 11: "одиннадцать одиннадцати eleven",
        12: "двенадцать двенадцати twelve", 13: "тринадцать тринадцати thirteen", 14: "четырнадцать четырнадцати fourteen",
        15: "пятнадцать пятнадцати fifteen", 16: "шестнадцать шестнадцати sixteen", 17: "семнадцать семнадцати seventeen",
        18: "восемнадцать восемнадцати eighteen", 19: "девятнадцать девятнадцати nineteen",
        20: "двадцать двадцати жиырма jiyrma jıyrma twenty", 30: "тридцать тридцати отыз otyz otız thirty", 40: "сорок сорока қырық кырык qyryq qırıq forty",
        50: "пятьдесят пятидесяти елу elu elý fifty", 60: "шестьдесят шестидесяти алпыс alpys sixty",
        70: "семьдесят семидесяти жетпіс жетпис jetpis seventy", 80: "восемьдесят восьмидесяти сексен seksen eighty",
        90: "девяносто тоқсан токсан toqsan ninety", 100: "сто ста жүз жуз júz jüz juz zhuz hundred", 200: "двести двухсот",
        300: "триста трехсот", 400: "четыреста четырехсот", 500: "пятьсот пятисот", 600: "шестьсот шестисот",
        700: "семьсот семисот", 800: "восемьсот восьмисот", 900: "девятьсот девятисот",
    }  # fmt: skip
    more = {
        2: "двоими", 3: "трём троими тремя", 4: "четверо четверым четверыми четырьмя", 5: "пятеро пятерым пятью", 6: "шестеро шестерых шестерым шестью алтау алтауы алтауын алтауына",
        7: "семеро семерых семерым семью жетеу жетеуі жетеуін жетеуіне", 8: "восьмеро восьмерым восемью сегізі сегізін", 9: "девятеро девятерых девятерым девятью тоғызы тоғызын",
        10: "десятеро десятерых десятерым десятью", 20: "двадцатью", 30: "тридцатью", 50: "пятьюдесятью",
    }  # fmt: skip
    plain = {value: f"{words} {more.get(value, '')}" for value, words in plain.items()}
    found = {word: value for value, words in plain.items() for word in words.split()}
    for value, words in plain.items():
        for word in words.split():
            if _KAZAKH.match(word) or word in _KAZAKH_STEMS:
                found |= {word + ending: value for ending in _KAZAKH_ENDINGS}
    for of_them in "бірі біреуі бірінде бірінің бірінен біріне бірін біреуін біреуінің".split():
        found.pop(of_them, None)  # «шахталардың бірінде», in one of the mines
    return found


_KAZAKH = re.compile(".*[әғқңөұүі]")
_KAZAKH_STEMS = frozenset("он бес алты отыз елу алпыс сексен тоқсан жиырма тогыз кырык жуз уш торт".split())
_KAZAKH_ENDINGS = "ден дан тен тан нен нан ге ға ке қа га дей дай тей тай еу ау у еуі ауы уі уы еуін ауын ті ні ді ты ны ды інің ының інде ында деген даған".split()
SPELLED: Final = _all_cases()
SCALES: Final = {
    "тыс": 1000, "тысяч": 1000, "тысячи": 1000, "тысячу": 1000, "тысяча": 1000, "мың": 1000, "мын": 1000, "мыңға": 1000,
    "мыңнан": 1000, "мыннан": 1000, "thousand": 1000, "k": 1000, "млн": 1_000_000, "миллион": 1_000_000,
    "million": 1_000_000, "dozen": 12, "dozens": 12, "десятка": 10, "десятков": 10, "десяткам": 10, "десятками": 10,
    "десятках": 10, "сотни": 100, "сотен": 100, "сотням": 100, "жүз": 100, "жуз": 100, "жүздей": 100, "жүзден": 100,
    "hundred": 100, "тысячам": 1000, "тысячах": 1000, "тысячами": 1000, "тысяче": 1000, "сотнях": 100, "сотнями": 100,
    "jüzge": 100, "júzge": 100, "juzge": 100, "zhuzge": 100, "jüzden": 100, "júzden": 100, "zhuzden": 100, "myñ": 1000, "myn": 1000,
    "миллиона": 1_000_000, "миллионов": 1_000_000, "мыңдай": 1000, "мыңның": 1000, "мыңды": 1000,
}  # fmt: skip
"""What a number before it is multiplied by: «две тысячи», «пять десятков», "two dozen"."""
HALVES: Final = {"полтора": 3, "полторы": 3, "полутора": 3, "half": 1}
"""Halves that a scale follows: «полтора десятка», "half a dozen"."""
AND_A_HALF: Final = frozenset({("с", "половиной"), ("and", "half"), ("жарым",)})
"""Half more of the scale that follows: «четырёх с половиной тысяч»."""
COUPLES: Final = frozenset("пара пару пары парой couple".split())
"""About two of a scale: «пара десятков», "a couple of hundred"."""
ROUND: Final = {
    "десяток": 10, "десятка": 10, "сотня": 100, "сотню": 100, "сотней": 100, "полсотни": 50, "полусотни": 50,
    "полусотня": 50, "дюжина": 12, "дюжину": 12, "дюжины": 12, "тысяча": 1000, "тысячу": 1000, "dozen": 12, "жүздей": 100,
    "мыңнан": 1000, "мыннан": 1000, "мыңға": 1000, "мыңдай": 1000, "ондай": 10, "полтысячи": 500, "hundred": 100, "thousand": 1000,
}  # fmt: skip
"""Round numbers that stand alone: about so many."""
PLURALS: Final = {
    "десятки": 20, "десятков": 20, "десяткам": 20, "десятками": 20, "десятках": 20, "сотни": 200, "сотен": 200,
    "сотнями": 200, "тысячи": 2000, "тысячами": 2000, "ондаған": 20, "ондаган": 20, "жүздеген": 200, "жуздеген": 200,
    "мыңдаған": 2000, "мындаган": 2000, "dozens": 20, "scores": 40, "hundreds": 200, "thousands": 2000, "дюжины": 24,
    "несколько": 3, "нескольких": 3, "нескольким": 3, "бірнеше": 3, "бирнеше": 3, "several": 3, "handful": 3, "few": 3,
    "тысячам": 2000, "сотням": 200, "жүздеп": 200, "ондап": 20,
}  # fmt: skip
"""Words that name no number, with the least they can mean."""
VAGUE: Final = frozenset("few несколько нескольких нескольким бірнеше бирнеше several".split())
"""Of these a scale may follow: «несколько десятков», "several hundred"."""
MORE: Final = frozenset("более больше свыше превысило превысил over more exceeding above upwards".split())
"""More than the number, and after a "not" no more than it."""
LESS: Final = frozenset("менее меньше fewer less under below".split())
"""Less than the number, and after a "not" at least so many."""
NOT: Final = frozenset("не no not".split())
AT_LEAST: Final = {
    "before": frozenset("минимум меньшей кемінде кеминде кемі least перевалило".split()),
    "after": frozenset("астам астамы астамын астамына артық артығы артык аса көп плюс лишним".split()),
}
OR_MORE: Final = frozenset("more over upwards более больше выше".split())
"""Words that open a number after an "or": "20 or more", «20 и более»."""
ABOUT: Final = {
    "before": frozenset(
        "около примерно порядка приблизительно почти ориентировочно под шамамен жуық about around roughly approximately "
        "some nearly almost estimated circa".split()
    ),
    "after": frozenset(
        "шақты шакты шақтысы juyq zhuyk jýyq жуық жуығы жуык тарта жуыктаған жуықтаған шамалы шамасында".split()
    ),
}
AT_MOST: Final = {"before": frozenset("до максимум most maximum".split()), "after": frozenset("дейін дейин".split())}
UP_TO: Final = (("up", "to"), ("many", "as"))
FILLERS: Final = frozenset("чем than of уже как мере the a an у о об ещё еще к где то about around примерно".split())
"""Words that may stand between a modifier and its number: «более чем 20», "upwards of 60"."""
REACHED: Final = (
    "выросл",
    "увеличил",
    "достигл",
    "дошл",
    "возросл",
    "rose",
    "risen",
    "reached",
    "grew",
    "climbed",
    "жетті",
    "өсті",
)
"""Verbs after which "to" gives the number itself: «число задержанных выросло до сорока»."""
CASE_ENDINGS: Final = frozenset("ге ға ден дан тен тан қа ке нан нен ты ті ді ды".split())
"""Kazakh case endings that are written after digits with a hyphen."""
MONTHS: Final = ("январ", "феврал", "март", "апрел", "мая", "июн", "июл", "август", "сентябр", "октябр", "ноябр", "декабр", "қаңтар",
                 "ақпан", "наурыз", "сәуір", "мамыр", "маусым", "шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан", "january",
                 "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december", "кантар",
                 "акпан", "сауир", "шилде", "кыркуйек", "караша", "желтоксан", "naýryz", "nauryz", "qańtar", "qantar", "aqpan", "saýir", "sauir",
                 "säuir", "mamyr", "maýsym", "mausym", "shilde", "tamyz", "qyrkúiek", "qyrkuiek", "qarasha", "jeltoqsan", "zheltoqsan")  # fmt: skip
"""Beginnings of the names of months."""
SHORT_MONTHS: Final = frozenset(
    "jan feb mar apr jun jul aug sep sept oct nov dec янв фев мар апр авг сен окт ноя дек".split()
)
"""Months as notes shorten them: "27 Jan - Astana"."""
UNITS_BEFORE: Final = frozenset("часа часов часик дня дней недели недель месяца минут минуты раза километра".split())
"""Russian units that stand before the number they belong to: «часа два»."""
STREETS: Final = frozenset("на по у ул улице улицы улица проспекте проспект пр пл".split())
"""Words before the name of a street."""
TOOK_PART: Final = frozenset(
    (who, what) for who, what in (("took", "part"), ("turned", "out"), ("came", "out"), ("showed", "up"), ("were", "present"),
                                  ("приняли", "участие"), ("came", "to"))
)  # fmt: skip
"""What stands behind a number of people who are not named: "About 200 took part"."""
NO_MONTH: Final = ("marche", "mayor")
"""Beginnings of words that begin like a month and name people: "200 marchers"."""
CLOCK: Final = (
    "год", "жыл", "year", "лет", "жаста", "летн", "час", "минут", "сағат", "hour", "minute", "млрд", "процент", "пайыз", "percent",
    "метр", "км", "градус", "класс", "этаж", "квартир", "бап", "стать", "утра", "вечера", "ночи", "дня", "дней", "день",
    "недел", "месяц", "күн", "апта", "айға", "week", "month", "секунд", "тонн", "литр", "кг", "гектар", "соток",
    "квадрат", "кв", "балл", "доллар", "dollar", "евро",
    # Things that stand beside people in such reports and are none.
    "автобус", "автозак", "машин", "автомобил", "автомашин", "домов", "дома", "магазин", "здани", "город", "област", "район",
    "регион", "сел", "аул", "школ", "участк", "участок", "раз", "видео", "фото", "телефон", "аккаунт", "страниц", "сайт", "отдел",
    "пункт", "плакат", "van", "car", "bus", "cities", "city", "region", "times", "shop", "house", "phone", "village", "station",
    "compan", "көлік", "қала", "аудан", "облыс", "үй", "дүкен", "рет", "сайт", "мектеп", "компани", "предприят", "завод",
    "мегаполис", "этап", "tractor", "трактор", "lorr", "фур", "грузовик", "палат", "tents", "попыт", "удар", "выстрел", "пул", "требован", "жалоб", "заявок", "заявк", "подпис", "talap", "талап",
)  # fmt: skip
"""What a number before it counts that is neither people, nor days of arrest, nor a fine."""
ORDINAL: Final = frozenset("st nd rd th й я е го му ой ая pm am".split())
AGES: Final = frozenset("возрасте возраст возрастом aged age ages жастары жастағы жасы".split())
"""Words before ages: "aged 19 to 24"."""
PART: Final = frozenset("числе включая including ішінде whom".split())
"""Words before a part of those just counted: «в том числе трое»."""
OF_THEM: Final = (("из", "них"), ("среди", "них"), ("of", "them"), ("among", "them"), ("of", "whom"), ("из", "которых"),
                  ("among", "whom"), ("олардың", "ішінде"))  # fmt: skip
EARLIER: Final = frozenset(
    "ранее прежде сначала первоначально earlier previously initially first бұған бастапқыда алдында".split()
)
NOW: Final = frozenset("теперь уже сейчас now енді қазір climbed rose risen grew updated выросло увеличилось возросло обновлено "
                       "стало жетті".split())  # fmt: skip
"""What stands beside a number that takes the place of an earlier one."""
AND: Final = frozenset("и and және мен пен бен тағы".split())
SUFFIX_ABOUT: Final = frozenset("дай дей тай тей".split())
"""Kazakh endings after digits: «20-дай», about twenty."""
DEAD: Final = frozenset("қаза қазаға қазасы каза".split())
"""Whole words: «қазақ» and «қазан» begin like them."""
NO_ONE: Final = frozenset("топ кез ай жақ рет күн түн group of".split())
"""Words before which a "one" counts nobody: «бір топ белсенді»."""
REPEATED: Final = frozenset("тәуліктен сутоктан күннен адамнан жылдан айдан суток дней лет days years months".split())
"""What is counted, said with both ends of a range: «10 тәуліктен 20 тәулікке дейін»."""
THEY: Final = frozenset("их нас собравшихся пришедших they олар олардың біз".split())
"""Who are counted where a number stands alone: «их около тридцати»."""
TOTAL: Final = frozenset("всего общей итого total altogether overall барлығы жалпы барлыгы".split())
"""Words before a number that sums up those told before."""
OFFICIAL: Final = ("дирекц", "руководств", "администрац", "компани", "company", "management", "employer", "department", "кәсіпорын", "басшылы", "департамент", "полици", "мвд", "власт", "прокур", "акимат", "министерств", "ведомств", "официальн", "police", "authorit", "minist",
                   "official", "prosecut", "іім", "билік", "әкімдік", "ресми")  # fmt: skip
CIVIC: Final = ("активист", "правозащитн", "наблюдател", "очевид", "организатор", "журналист", "врач", "медик", "оппозиц", "нпо",
                "activist", "rights", "observer", "monitor", "witness", "organis", "organiz", "doctor", "opposition", "ngo", "белсенді",
                "құқық", "бақылаушы", "куәгер", "ұйымдастырушы", "дәрігер")  # fmt: skip
SAYS: Final = ("словам", "дейді", "говор", "сообщ", "насчита", "утвержда", "заяв", "данным", "пиш", "сведени", "оцен", "счит", "said", "say", "put", "count",
               "report", "claim", "according", "estimat", "дейді", "деді", "айт", "мәлім", "хабарла", "дерег", "санайды")  # fmt: skip
NOT_PEOPLE: Final = frozenset(
    "ст статья статье статьи статьей ч часть п пункт дом д кв квартира кабинет номер no article section аптека школа школе "
    "школы лицей маршрут автобус трасса км street июля июня".split()
)
FIGURE: Final = (
    "число",
    "цифр",
    "figure",
    "number",
    "acknowledg",
    "spoke",
    "gave",
    "put",
    "ресми",
    "саны",
    "назва",
    "признал",
    "confirm",
    "подтверд",
)
"""Beginnings of words by which somebody gives a number without a verb of saying."""
PAIRS: Final = (
    ("на", "свобод", "released"), ("на", "волю", "released"), ("вернул", "домой", "released"), ("домой", "вернул", "released"),
    ("walk", "free", "released"), ("walked", "out", "released"), ("let", "go", "released"), ("sent", "home", "released"),
    ("are", "out", "released"), ("set", "free", "released"), ("үйлеріне", "қайт", "released"), ("бостандыққа", "шық", "released"),
    ("ата", "анасына", "released"), ("покинул", "колони", "released"), ("left", "prison", "released"),
    ("алып", "кет", "detained"), ("бөлімге", "апар", "detained"), ("автобусқа", "тие", "detained"), ("көлікке", "тие", "detained"),
    ("driven", "away", "detained"), ("led", "away", "detained"), ("held", "in", "detained"),
    ("were", "held", "detained"), ("carried", "to", "detained"), ("in", "custody", "detained"), ("в", "автозак", "detained"),
    ("в", "автобус", "detained"), ("қайтыс", "бол", "killed"), ("көз", "жұм", "killed"), ("shot", "dead", "killed"), ("found", "dead", "killed"),
    ("people", "dead", "killed"), ("оборвал", "жизн", "killed"), ("were", "beaten", "injured"), ("was", "beaten", "injured"),
    ("телесные", "повреждени", "injured"), ("соққыға", "жығыл", "injured"), ("дәрігерге", "жүгін", "injured"),
    ("предъявил", "обвинени", "charged"), ("предъявлен", "обвинени", "charged"), ("айып", "тағыл", "charged"),
    ("уголовное", "преследовани", "charged"), ("на", "скамье", "charged"), ("скамье", "подсудим", "charged"), ("suspicion", "notice", "charged"),
    ("хаттама", "толтыр", "charged"), ("под", "страж", "detained"), ("к", "врач", "injured"), ("медицинск", "помощ", "injured"),
    ("medical", "help", "injured"), ("medical", "attention", "injured"), ("medical", "treatment", "injured"), ("оқ", "тиіп", "injured"),
    ("унесл", "жизн", "killed"), ("көлікке", "отырғыз", "detained"), ("автобусқа", "отырғыз", "detained"),
    ("police", "removed", "detained"), ("дене", "жарақат", "injured"),
)  # fmt: skip
"""Beginnings of two words that say together what was done to those counted."""
PLAINCLOTHES: Final = frozenset("штатском гражданском масках балаклавах masked plainclothes plain киімдегі".split())
"""Words beside men who are police that do not say so."""
SOME_OF_THEM: Final = frozenset(
    "двоих троих четверых пятерых шестерых семерых восьмерых девятерых десятерых екеуін үшеуін төртеуін бесеуін алтауын жетеуін".split()
)
"""Numbers that by their form count people to whom something is done."""
SUSPECTS: Final = ("suspect", "подозреваем", "күдікт")
"""Beginnings of words for people whom police hold, and nobody has charged yet."""
HOSPITALS: Final = (
    "hospital",
    "больниц",
    "райбольниц",
    "горбольниц",
    "облбольниц",
    "скорая",
    "скорой",
    "скорую",
    "medical",
    "аурухан",
)
"""Beginnings of words for where the injured are taken."""
BROUGHT: Final = (
    "увез",
    "достав",
    "госпитал",
    "попал",
    "оказал",
    "направлен",
    "обратил",
    "леж",
    "взял",
    "забра",
    "taken",
    "ended",
    "admitted",
    "treat",
    "hospitali",
    "rushed",
    "brought",
    "sent",
    "жеткіз",
    "түс",
    "апар",
    "алып",
    "жат",
    "жүгін",
)
"""Beginnings of words that tell how they came there."""
ROLES: Final = (
    ("days", ("сут", "тәулік", "таулик", "taulik", "táulik", "täulik", "days", "day")),
    ("fine", ("мрп", "аек", "тенге", "теңге", "mci", "tenge")),
    ("released", ("освобо", "отпу", "босат", "босаған", "босады", "қайтарылған", "выпуст", "выпущ", "released", "freed", "acquitted", "амнист")),
    ("killed", ("погиб", "убит", "умер", "жертв", "мерт", "өлтір", "олтир", "killed", "dead", "died",
                "deaths", "death", "fatalit", "скончал", "застрел", "опат", "kill", "мертв", "гибел", "lives", "расстрел", "өлген", "өлді", "сразил", "bodies", "мәйіт")),
    ("injured", ("ранен", "пострад", "травм", "госпитал", "жарала", "жаракат", "жарақат", "зардап", "injur", "wounded", "избит", "ушиб", "сотрясен", "перелом", "beaten", "bruis", "concuss", "hospitali",
                 "hospital", "ранил", "hurt", "больниц", "райбольниц", "горбольниц", "облбольниц", "скорая", "скорой", "скорую", "ожог", "wound", "аурухан", "покалеч", "увеч", "medical", "поранен", "жаралы")),
    ("detained", ("задерж", "арестов", "доставл", "ұста", "усталд", "ұстал", "тұтқын", "туткын", "қамал", "қамау", "detain",
                  "әкет", "тоғыт", "bundled", "rounded", "hauled", "picked", "taken", "вяж", "пакуют", "рассад", "задержк",
                  "arrest", "custody", "detentions", "увез", "скрути", "водвор", "жеткіз", "забра", "повяз", "свинти", "винтят", "схвач", "схвати", "запих", "затолк", "грузят", "погруз", "пакова", "уводят", "увел", "dragged", "herded", "loaded", "apprehend", "nabbed", "seized", "затолк", "запихн", "отконвоир", "подхвати", "вывел", "увод", "тиелген", "тиеді", "bundl", "жеткізілді", "алынды", "ustap", "ұстап", "ustald", "әкет", "áket", "äket", "aket")),
    ("charged", ("подозрева", "обвиня", "осужд", "приговор", "сотталд", "күдікті", "айыпталуш", "charged", "convicted", "обвинен", "вменя", "айыптал", "indicted", "defendants", "судят", "судили",
                 "sentenced", "suspect", "defendant", "фигурант", "подсудим", "indict")),
    ("participants", ("человек", "участник", "участниц", "волонтер", "безработн", "металлург", "аграри", "родственник", "туыс", "жұмыссыз", "relatives", "люд", "протест", "митинг", "рабоч", "нефтяник", "шахтер", "горняк", "жител",
                      "собрал", "вышл", "адам", "adam", "belsendi", "turgyn", "turghyn", "қатыс", "жиналд", "жұмысшы", "мұнайшы", "тұрғын", "кенші", "people",
                      "protest", "demonstrat", "workers", "residents", "gathered", "miners", "активист", "матер",
                      "бастующ", "бастуют", "демонстрант", "халық", "женщин", "мужчин", "журналист", "белсенді", "белсенди", "сторонник",
                      "пенсионер", "студент", "activist", "women", "demonstrator", "journalist", "supporter", "villager", "шеруші",
                      "ипотечник", "дольщик", "вахтовик", "вкладчик", "мама", "мамы", "мамоч", "мүше", "жақтас", "кондуктор", "балуан", "members", "member", "әйел", "жүргізуші", "тілші", "тұрғын",
                      "несовершеннолетн", "блогер", "правозащитн", "парн", "девуш", "молод", "сельчан", "горожан", "житель",
                      "ереуілші", "munaishy", "munayshy", "mūnaişy", "zhumysshy", "jumysshy", "jūmysşy", "turğyn", "turgyn", "kenshi", "persons", "person", "crew", "members", "families", "аулчан", "аульчан", "односельчан", "школьник", "инвалид", "рыбак", "казак", "кісі", "үлескер", "аналар", "ананы", "анадан", "студент", "оқушы", "drivers", "employees", "staff", "students", "mothers", "parents", "диқан", "дихан", "шаруа", "қарызгер", "зейнеткер", "мұғалім", "дәрігер", "қызметкер", "couriers", "borrowers", "holders", "уволенн", "офицер", "жігіт", "азамат", "бәйбіше")),
)  # fmt: skip
PERSON: Final = (
    # Russian, in the cases that numbers ask for.
    "ников", "чиков", "щиков", "истов", "исток", "телей", "тельниц", "щиц", "нцев", "анок", "янок", "ников", "енок", "ицев", "торов", "теров", "ургов", "риев",
    "керов", "дентов", "ников", "ницы", "исты", "истки", "тели", "меров", "овцев", "евцев", "ачей", "рей", "ологов",
    # English.
    "ists", "ers", "ors", "ents", "ants", "ians", "men", "women", "ees", "oners",
)  # fmt: skip
"""Endings of words for people: a number before one counts who took part, where nothing else is said."""
KAZAKH_PERSON: Final = tuple(
    stem + case
    for stem in ("шы", "ші", "кер", "гер", "паз", "ист", "лер", "тар")
    for case in ("", "і", "ы", "ін", "ын", "ны", "ні", "ды", "ді", "ға", "ге", "ның", "нің", "дың", "дің", "сы", "сі")
)
NO_PERSON: Final = frozenset("others centers centres quarters numbers papers orders members dollars officers hours meters metres "
    "litres liters events percents cents documents incidents accidents apartments posters banners stickers flyers letters "
    "computers matters источников подъемников холодильников памятников двигателей автомобилей грузовиков вечеров номеров "
    "мешков".split())  # fmt: skip
"""Words with such endings that are none."""
POLICE: Final = (
    "полицейск",
    "полицей",
    "силовик",
    "officer",
    "police",
    "soldier",
    "troop",
    "военнослужащ",
    "сарбаз",
    "солдат",
)
POLICE_STAFF: Final = (
    "полици",
    "мвд",
    "кнб",
    "собр",
    "омон",
    "правоохран",
    "силов",
    "сил",
    "департамент",
    "дп",
    "управлени",
    "спецслуж",
)
"""What tells that a «сотрудник» before it is of the police and no worker."""
