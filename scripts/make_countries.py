"""Makes config/countries.csv from CLDR (Unicode License v3), through the babel package.

Run by hand when the package has news: `.venv/bin/pip install babel==2.18.0`, then
`.venv/bin/python scripts/make_countries.py`. The service reads only the file.
"""

import csv
import re
from pathlib import Path

from babel import Locale

CONFIG = Path(__file__).resolve().parent.parent / "config"
LEFT_OUT = {"KZ", "EU", "UN", "EZ", "XA", "XB", "ZZ", "QO", "CQ", "DG", "AC", "BV", "CP", "HM", "TA", "UM", "BQ"}
"""Ours, what is no country, and islands that nobody lives on."""
CUED = {"Чад", "Мали", "Перу", "Того", "Гана", "Оман", "Тонга", "Самоа", "Джерси",
        "Mali", "Chad", "Peru", "Togo", "Oman", "Niger", "Jersey", "Jordan", "Georgia", "Guinea", "Cuba", "Dominica", "Palau", "Monaco",
        "Turkey", "Malta", "Reunion", "Guam", "Samoa", "Gabon", "Belize", "Angola"}  # fmt: skip
"""Ordinary words and names of people, too."""
ALSO = {
    "AE": ["Біріккен Араб Әмірліктері", "БАӘ", "Emirates", "Эмираты"], "AT": ["Австрия"], "AU": ["Австралия"], "BY": ["Белоруссия"],
    "CD": ["ДР Конго", "DR Congo"], "CI": ["Кот-д'Ивуар", "Ivory Coast"], "CZ": ["Czech Republic"], "EG": ["Египет", "Мысыр"],
    "GR": ["Грекия", "Греция"], "HK": ["Гонконг", "Hong Kong"], "KP": ["Солтүстік Корея", "North Korea", "Северная Корея"],
    "KR": ["Оңтүстік Корея", "South Korea", "Южная Корея"], "MM": ["Мьянма", "Myanmar", "Бирма"], "SA": ["Сауд Арабиясы"],
    "SZ": ["Свазиленд"], "TR": ["Turkiye"], "US": ["АҚШ", "США", "USA", "Америка Құрама Штаттары"], "MO": ["Макао"],
    "TL": ["Timor-Leste", "Восточный Тимор"], "VA": ["Ватикан"], "GB": ["Ұлыбритания", "Великобритания", "Британия", "Britain"],
}  # fmt: skip
"""Names that are written as often."""
_ENDING = re.compile("(?:ая|яя|ое|ее|ый|ий|ой|ые|ие|ия|ья|а|я|ы|и|о|е|ь)$")
_SHORT = 4


def main() -> None:
    """Write the file."""
    english, russian, kazakh = (Locale(name).territories for name in ("en", "ru", "kk"))
    codes = sorted(code for code in english if len(code) == 2 and code.isalpha() and code not in LEFT_OUT)
    with (CONFIG / "countries.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("name", "country", "population", "names", "needs_cue"))
        for code in codes:
            told = [english[code], russian.get(code), kazakh.get(code), *ALSO.get(code, [])]
            names = [phrase for name in told if name for phrase in phrases(name)]
            known = list(dict.fromkeys(names))
            rows.writerow((english[code], code, 1_000_000, "|".join(known), "|".join(n for n in known if n in CUED)))


def phrases(name: str) -> list[str]:
    """A name as the gazetteer takes it: one word with its endings known, several with any ending."""
    name = (
        re.sub(r"\s*\(.*?\)|^о-в(?:а)? |\bSt\. ", "", name)
        .replace("&", "and")
        .replace("’", "'")
        .replace("—", "-")
        .strip()
    )
    parts = re.split(r"[ ,-]+", name)
    if len(parts) == 1:
        return [name] if len(name) > 2 else []
    return [" ".join(_open(part) for part in parts)]


def _open(part: str) -> str:
    if len(part) <= _SHORT or part.isascii():
        return part
    return _ENDING.sub("", part) + "*"


if __name__ == "__main__":
    main()
