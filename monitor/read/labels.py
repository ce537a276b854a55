"""Labelled texts: what a person says a text reports, one JSON object a line. PURE.

The form is told in `docs/reading.md`. A line of duty feedback (`dabyl incident ID --false`) is a label too: its
`family` says that the person judged that family of events only.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from monitor.domain.kinds import EventKind, Family
from monitor.domain.regions import RegionCode

MAX_LINE_CHARACTERS: Final = 4 * 1024 * 1024
NUMBERS: Final = frozenset({"detained", "injured", "killed", "participants", "days", "fine", "released", "charged"})


def _interval(value: object) -> object:
    """A pair of whole numbers, the second `null` for "or more"; pydantic alone would take `true` and "5"."""
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("an interval is [lowest, highest], highest null for 'or more'")
    low, high = value
    if not _whole(low) or not (high is None or _whole(high)):
        raise ValueError("an interval holds whole numbers, highest null for 'or more'")
    if high is not None and high < low:
        raise ValueError("the highest number is below the lowest")
    return value


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


Bounds = Annotated[tuple[int, int | None], BeforeValidator(_interval)]


class Expectation(BaseModel):
    """What a careful monitor would say of a text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: tuple[EventKind, ...] = Field(description="what the text reports; empty: nothing may fire")
    may: tuple[EventKind, ...] = Field(default=(), description="kinds neither asked for nor wrong")
    regions: tuple[RegionCode, ...] = Field(default=(), description="where, ISO 3166-2 or KZ; empty: not judged")
    counts: dict[str, Bounds] = Field(default_factory=dict, description="[lowest, highest] by role")
    denied: bool = Field(default=False, description="an official denies it")
    past: bool = Field(default=False, description="told as something of another time")

    @model_validator(mode="after")
    def _roles_are_known(self) -> Self:
        strange = sorted(set(self.counts) - NUMBERS)
        if strange:
            message = f"unknown role '{strange[0]}'; known: {', '.join(sorted(NUMBERS))}"
            raise ValueError(message)
        return self


class Label(BaseModel):
    """A text and what it reports."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=200)
    language: str = Field(default="", max_length=20, description="of most of the words; empty: unknown")
    text: str
    published_at: AwareDatetime | None = Field(default=None, description="years in the text are compared with it")
    home_region: RegionCode | None = Field(default=None, description="what its source writes about")
    expect: Expectation
    family: Family | None = Field(default=None, description="only this family was judged; absent: everything was")
    incident: str | None = Field(default=None, description="the incident that was judged, in duty feedback")
    verdict: str | None = Field(default=None, pattern="^(false|real)$", description="in duty feedback")
    judged_at: datetime | None = Field(default=None, description="in duty feedback")
    note: str | None = Field(default=None, max_length=2000, description="in duty feedback")


class LabelError(ValueError):
    """A line that is no label; the message says why, in one sentence."""


def label_of(line: str) -> Label:
    """The label that stands in a line of JSON.

    Raises:
        LabelError: it is not JSON, or not a label.
    """
    if len(line) > MAX_LINE_CHARACTERS:
        message = f"longer than {MAX_LINE_CHARACTERS} characters"
        raise LabelError(message)
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        message = f"not JSON: {error}"
        raise LabelError(message) from None
    if not isinstance(row, dict):
        message = f"a label is an object, not {type(row).__name__}"
        raise LabelError(message)
    try:
        return Label.model_validate_json(json.dumps(row))
    except ValidationError as error:
        raise LabelError(_said(error)) from None


def _said(error: ValidationError) -> str:
    """The first thing that is wrong, where it stands, and how many more there are."""
    first, count = error.errors()[0], error.error_count()
    place = ".".join(str(part) for part in first["loc"]) or "label"
    more = f" (and {count - 1} more)" if count > 1 else ""
    return f"{place}: {first['msg'].removeprefix('Value error, ')}{more}"


def labels_of(lines: Iterable[str]) -> Iterator[tuple[int, Label | LabelError]]:
    """Every line that is not empty, with its number from 1: a label, or why it is none."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, label_of(line)
        except LabelError as error:
            yield number, error
