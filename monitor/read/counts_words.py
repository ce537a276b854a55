"""The words of numbers in Russian, Kazakh and English: spelled numbers, modifiers, and what is counted."""

import re
from typing import Final


def _all_cases() -> dict[str, int]:
    """Spelled numbers in their cases."""
    plain = {
        1: "один одна одного одну одному одним bir бір bir one", 2: "два две двух двум двое двоих двоим двумя екі eki ekі two",
        3: "три трех трое троих троим тремя үш уш ush úsh üş uch three", 4: "четыре четырех четверо четверых четверым төрт торт tort tórt tört four",
        5: "пять пяти пятеро пятерых пятерым бес bes five", 6: "шесть шести шестеро шестерых алты alty altı six",
        7: "семь семи семеро семерых жеті жети jeti zheti seven", 8: "восемь восьми восьмерых сегіз сегиз segiz eight",
        9: "девять девяти тоғыз тогыз togyz toǵyz toğız nine", 10: "десять десяти он ten", 11: "одиннадцать одиннадцати eleven",
        12: "двенадцать двенадцати twelve", 13: "тринадцать тринадцати thirteen", 14: "четырнадцать четырнадцати fourteen",
        15: "пятнадцать пятнадцати fifteen", 16: "шестнадцать шестнадцати sixteen", 17: "семнадцать семнадцати seventeen",
        18: "восемнадцать восемнадцати eighteen", 19: "девятнадцать девятнадцати nineteen",
        20: "двадцать двадцати жиырма jiyrma jıyrma twenty", 30: "тридцать тридцати отыз otyz otız thirty", 40: "сорок сорока қырық кырык qyryq qırıq forty",
        50: "пятьдесят пятидесяти елу elu elý fifty", 60: "шестьдесят шестидесяти алпыс sixty",
        70: "семьдесят семидесяти жетпіс жетпис seventy", 80: "восемьдесят восьмидесяти сексен eighty",
        90: "девяносто тоқсан токсан ninety", 100: "сто ста жүз жуз júz jüz juz zhuz hundred", 200: "двести двухсот",
        300: "триста трехсот", 400: "четыреста четырехсот", 500: "пятьсот пятисот", 600: "шестьсот шестисот",
        700: "семьсот семисот", 800: "восемьсот восьмисот", 900: "девятьсот девятисот",
    }  # fmt: skip
    found = {word: value for value, words in plain.items() for word in words.split()}
    for value, words in plain.items():
        for word in words.split():
            if _KAZAKH.match(word) or word in _KAZAKH_STEMS:
                found |= {word + ending: value for ending in _KAZAKH_ENDINGS}
    return found


_KAZAKH = re.compile(".*[әғқңөұүі]")
_KAZAKH_STEMS = frozenset("он бес алты отыз елу алпыс сексен тоқсан жиырма тогыз кырык жуз уш торт".split())
_KAZAKH_ENDINGS = "ден дан тен тан нен нан ге ға ке қа га дей дай тей тай еу ау у ті ні ді ты ны ды інің ының інде ында деген даған".split()
SPELLED: Final = _all_cases()
SCALES: Final = {
    "тыс": 1000, "тысяч": 1000, "тысячи": 1000, "тысячу": 1000, "тысяча": 1000, "мың": 1000, "мын": 1000, "мыңға": 1000,
    "мыңнан": 1000, "мыннан": 1000, "thousand": 1000, "k": 1000, "млн": 1_000_000, "миллион": 1_000_000,
    "million": 1_000_000, "dozen": 12, "десятка": 10, "десятков": 10, "сотни": 100, "жүз": 100, "жуз": 100, "hundred": 100,
}  # fmt: skip
"""What a number before it is multiplied by: «две тысячи», «пять десятков», "two dozen"."""
ROUND: Final = {
    "десяток": 10, "десятка": 10, "сотня": 100, "сотню": 100, "полсотни": 50, "полусотни": 50, "дюжина": 12, "дюжину": 12,
    "dozen": 12, "жүздей": 100, "ондай": 10,
}  # fmt: skip
"""Round numbers that stand alone: about so many."""
PLURALS: Final = {
    "десятки": 20, "десятков": 20, "десяткам": 20, "сотни": 200, "сотен": 200,
    "тысячи": 2000, "ондаған": 20, "ондаган": 20, "жүздеген": 200, "жуздеген": 200, "мыңдаған": 2000, "мындаган": 2000,
    "dozens": 20, "scores": 40, "hundreds": 200, "thousands": 2000, "дюжины": 24, "несколько": 3, "бірнеше": 3,
    "бирнеше": 3, "several": 3, "тысячам": 2000, "сотням": 200, "жүздеп": 200, "ондап": 20,
}  # fmt: skip
AT_LEAST: Final = {
    "before": frozenset(
        "более больше свыше менее минимум превысило превысил кемінде кеминде least over than exceeding".split()
    ),
    "after": frozenset("астам артық артык аса кем more плюс".split()),
}
ABOUT: Final = {
    "before": frozenset(
        "около примерно порядка приблизительно почти шамамен жуық about around roughly approximately some nearly almost".split()
    ),
    "after": frozenset("шақты шакты жуық жуык тарта жуыктаған жуықтаған".split()),
}
AT_MOST: Final = {"before": frozenset("до максимум".split()), "after": frozenset("дейін дейин".split())}
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
CLOCK: Final = (
    "январ", "феврал", "март", "апрел", "мая", "июн", "июл", "август", "сентябр", "октябр", "ноябр", "декабр", "қаңтар",
    "ақпан", "наурыз", "сәуір", "мамыр", "маусым", "шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан", "january",
    "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december", "год",
    "жыл", "year", "лет", "жаста", "летн", "час", "минут", "сағат", "hour", "minute", "млрд", "процент", "пайыз", "percent",
    "метр", "км", "градус", "класс", "этаж", "квартир", "бап", "стать",
)  # fmt: skip
NOT_PEOPLE: Final = frozenset(
    "ст статья статье статьи статьей ч часть п пункт дом д кв квартира кабинет номер no article section аптека школа школе "
    "школы лицей маршрут автобус автобус трасса км street июля июня".split()
)
ROLES: Final = (
    ("days", ("сут", "тәулік", "таулик", "taulik", "táulik", "täulik", "days", "day")),
    ("fine", ("мрп", "аек", "тенге", "теңге", "mci", "tenge")),
    ("released", ("освобо", "отпу", "босат", "released", "freed")),
    ("killed", ("погиб", "убит", "умер", "жертв", "қаза", "мерт", "өлтір", "олтир", "killed", "dead", "died",
                "deaths", "fatalit", "скончал", "застрел", "опат")),
    ("injured", ("ранен", "пострад", "травм", "госпитал", "жарала", "жаракат", "жарақат", "зардап", "injur", "wounded",
                 "hospitali", "ранил", "hurt", "больниц", "ожог")),
    ("detained", ("задерж", "арестов", "доставл", "ұста", "усталд", "ұстал", "тұтқын", "туткын", "қамал", "қамау", "detain",
                  "әкет", "тоғыт", "bundled", "rounded", "hauled", "picked", "taken", "вяж", "пакуют", "рассад", "задержк",
                  "arrest", "custody", "увез", "скрути", "водвор", "жеткіз", "забра", "ustald", "әкет", "áket", "äket", "aket")),
    ("charged", ("подозрева", "обвиня", "осужд", "приговор", "сотталд", "күдікті", "айыпталуш", "charged", "convicted",
                 "sentenced", "suspects")),
    ("participants", ("человек", "участник", "люд", "протест", "митинг", "рабоч", "нефтяник", "шахтер", "горняк", "жител",
                      "собрал", "вышл", "адам", "adam", "belsendi", "turgyn", "turghyn", "қатыс", "жиналд", "жұмысшы", "мұнайшы", "тұрғын", "кенші", "people",
                      "protest", "demonstrat", "workers", "residents", "gathered", "miners", "активист", "матер",
                      "бастующ", "бастуют", "демонстрант", "халық", "женщин", "мужчин", "журналист", "белсенді", "белсенди", "сторонник",
                      "пенсионер", "студент", "activist", "women", "demonstrator", "journalist", "supporter", "villager", "шеруші",
                      "ипотечник", "дольщик", "вахтовик", "вкладчик", "мам", "матер", "әйел", "жүргізуші", "тілші", "тұрғын",
                      "несовершеннолетн", "блогер", "правозащитн", "парн", "девуш", "молод", "сельчан", "горожан", "житель",
                      "ереуілші", "drivers", "employees", "staff", "students", "mothers")),
)  # fmt: skip
