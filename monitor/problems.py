"""What is wrong with what people wrote: file, line, entry, sentence, and the nearest word that we know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

NEAR_ENOUGH = 60
"""Least likeness (0..100, rapidfuzz ratio) at which a known word is offered."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend.

    Attributes:
        file: name of the file as the user knows it.
        line: counted from 1; 0 where a line means nothing (a missing file).
        entry: id of the entry, or its place in the list; empty for the file itself.
        message: one sentence.
    """

    file: str
    line: int
    entry: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.entry + ': ' if self.entry else ''}{self.message}"


class ConfigurationError(Exception):
    """The configuration cannot be used; it carries every problem found, not just the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that this one was probably meant to be; `None` if none is near."""
    # Only a mistake needs it, and it costs more memory than a small agent can spare.
    from rapidfuzz import fuzz, process  # noqa: PLC0415

    found = process.extractOne(word, sorted(known), scorer=fuzz.ratio, score_cutoff=NEAR_ENOUGH)
    return found[0] if found else None


def unknown(what: str, word: str, known: Iterable[str]) -> str:
    """Says that a word is not known, and which one may have been meant."""
    words = sorted(known)
    guess = nearest(word, words)
    if guess:
        return f"unknown {what} '{word}'; did you mean '{guess}'?"
    few = f"; known: {', '.join(words)}" if 0 < len(words) <= 20 else ""
    return f"unknown {what} '{word}'{few}"


def model_problems(error: ValidationError, model: type[BaseModel]) -> list[tuple[tuple[str | int, ...], str]]:
    """Each fault that pydantic found: the path to it and a sentence for a person."""
    return [(tuple(fault["loc"]), _sentence(fault, model)) for fault in error.errors(include_url=False)]


def _sentence(fault: ErrorDetails, model: type[BaseModel]) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    kind = fault["type"]
    if kind == "extra_forbidden":
        return unknown("key", str(fault["loc"][-1]), _fields_at(model, fault["loc"][:-1]))
    if kind == "missing":
        return f"'{where}' is missing"
    if kind in {"literal_error", "enum"}:
        expected = str(fault.get("ctx", {}).get("expected", ""))
        words = [word.strip(" '") for word in expected.replace(" or ", ",").split(",") if word.strip(" '")]
        return f"'{where}': {unknown('word', str(fault['input']), words)}"
    message = fault["msg"].removeprefix("Value error, ")
    return f"'{where}': {message[:1].lower()}{message[1:]}" if where else f"{message[:1].lower()}{message[1:]}"


def _fields_at(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    here: Any = model
    for step in path:
        if isinstance(step, int):
            continue
        field = getattr(here, "model_fields", {}).get(step)
        if field is None:
            return []
        here = _inner_model(field.annotation)
    return sorted(getattr(here, "model_fields", {}))


def _inner_model(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        inner = _inner_model(argument)
        if inner is not None:
            return inner
    return None
