"""What is known of places, as rows: a list made by a script, and what people add by hand."""

import csv
import io
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.domain.regions import RegionCode


class PlacePhrases(BaseModel):
    """An entry under `places` of `config/places.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="what it is called in our records")
    region: RegionCode = Field(description="ISO 3166-2 code, or KZ for the whole country")
    level: Literal["country", "fuzzy", "region", "city", "district", "square", "street"] = Field(
        description="what it is; fuzzy is the country, unless the text speaks of another"
    )
    weak: bool = Field(
        default=False, description="tells where something happens only where the text names no place at all"
    )
    any: tuple[str, ...] = Field(min_length=1, description="phrases that name it")


class AbroadPhrases(BaseModel):
    """An entry under `abroad` of `config/places.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="the country or part of the world")
    weak: bool = Field(
        default=False,
        description="adjectives, people, money: tell of abroad beside the event, or where the text names no place of ours",
    )
    any: tuple[str, ...] = Field(min_length=1, description="phrases that name it")


class NamedPlace(BaseModel):
    """A row of `config/gazetteer.csv` or `config/abroad.csv`.

    `region` is `None` for places abroad. Names in `needs_cue` are ordinary words, too: they count only with a capital
    letter inside a sentence or a word such as «город» beside them.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    region: RegionCode | None
    population: int
    names: tuple[str, ...]
    needs_cue: frozenset[str]


def read_gazetteer(text: str) -> tuple[list[NamedPlace], list[tuple[int, str]]]:
    """The rows of a gazetteer file, and what is wrong with others as (line, sentence)."""
    places: list[NamedPlace] = []
    faults: list[tuple[int, str]] = []
    reader = csv.DictReader(io.StringIO(text))
    for row in reader:
        try:
            places.append(_place(row))
        except (KeyError, ValueError, AttributeError) as error:
            faults.append((reader.line_num, f"not a place: {str(error).splitlines()[0]}"))
    return places, faults


def _place(row: dict[str, str]) -> NamedPlace:
    return NamedPlace(
        name=row["name"],
        region=row.get("region"),
        population=int(row["population"]),
        names=tuple(row["names"].split("|")),
        needs_cue=frozenset(filter(None, (row.get("needs_cue") or "").split("|"))),
    )
