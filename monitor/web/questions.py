"""What a reader asks by the address, checked: regions, kinds, times and limits."""

from collections.abc import Mapping
from datetime import datetime

from monitor.domain.changes import Query
from monitor.domain.kinds import EventKind, Family
from monitor.domain.moments import parse_rfc3339

KNOWN = frozenset({"region", "kind", "since", "until", "limit", "open", "source"})
MOST = 1000


class BadQuestionError(ValueError):
    """The address asks for what does not exist; the message says which part."""


def question(asked: Mapping[str, str], most: int = MOST) -> Query:
    """The query that an address means; its limit is at most `most`.

    Raises:
        BadQuestionError: an unknown key, or a value that cannot be read.
    """
    strange = sorted(set(asked) - KNOWN)
    if strange:
        message = f"unknown key '{strange[0][:40]}'; known: {', '.join(sorted(KNOWN))}"
        raise BadQuestionError(message)
    kinds, families = _kinds(asked.get("kind", ""))
    return Query(
        since=_time(asked.get("since")), until=_time(asked.get("until")), regions=tuple(filter(None, asked.get("region", "").split(","))),
        kinds=kinds, families=families, sources=tuple(filter(None, asked.get("source", "").split(","))),
        open_only=asked.get("open") in {"1", "yes", "true"}, limit=_limit(asked.get("limit", "100"), most),
    )  # fmt: skip


def _kinds(text: str) -> tuple[tuple[EventKind, ...], tuple[Family, ...]]:
    kinds: list[EventKind] = []
    families: list[Family] = []
    for word in filter(None, text.split(",")):
        try:
            if "." in word:
                kinds.append(EventKind(word))
            else:
                families.append(Family(word))
        except ValueError:
            message = f"unknown kind '{word[:40]}'"
            raise BadQuestionError(message) from None
    return tuple(kinds), tuple(families)


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return parse_rfc3339(text.replace(" ", "+"))
    except ValueError:
        message = "times are RFC 3339 with a zone, for example 2026-01-05T10:00:00Z"
        raise BadQuestionError(message) from None


def _limit(text: str, most: int) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text[:9]) <= most:
        return int(text)
    message = f"limit is a number from 1 to {most}"
    raise BadQuestionError(message)
