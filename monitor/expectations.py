"""Whether a replayed scenario showed what its author says it must show, and nothing that it must not. PURE."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collectors.scenario import Expectation
from monitor.domain.alerts import Level
from monitor.domain.moments import parse_rfc3339, rfc3339


@dataclass(frozen=True, slots=True)
class Judged:
    """One expectation and what became of it."""

    sentence: str
    met: bool


@dataclass(slots=True)
class Expectations:
    """Watches the records of a replay."""

    must: Sequence[Expectation]
    must_not: Sequence[Expectation]
    _seen: dict[int, str] = field(default_factory=dict)
    _broken: dict[int, str] = field(default_factory=dict)

    def watch(self, record: dict[str, Any]) -> None:
        """Take one record of the replay."""
        if record["event"] not in {"alert", "signal"} or record.get("state") == "resolved":
            return
        for expectations, found in ((self.must, self._seen), (self.must_not, self._broken)):
            for place, expectation in enumerate(expectations):
                if place not in found and _fits(record, expectation):
                    found[place] = record["time"]

    def judged(self) -> list[Judged]:
        """Every expectation, those that must come first."""
        came = [_judged(each, self._seen.get(place), wanted=True) for place, each in enumerate(self.must)]
        return came + [_judged(each, self._broken.get(place), wanted=False) for place, each in enumerate(self.must_not)]


def _fits(record: dict[str, Any], expectation: Expectation) -> bool:
    if expectation.region not in record["regions"] or not _names(record, expectation):
        return False
    at = parse_rfc3339(record["time"])
    if (expectation.after and at < expectation.after) or (expectation.by and at > expectation.by):
        return False
    if expectation.severity and record["severity"] != expectation.severity:
        return False
    return (
        not expectation.level
        or record["event"] != "alert"
        or Level(record["confidence"]).rank >= expectation.level.rank
    )


def _names(record: dict[str, Any], expectation: Expectation) -> bool:
    if record["event"] == "alert":
        return bool(record["rule"] == expectation.rule)
    said = any(expectation.says in hit["words"] for hit in record["because"]) or not expectation.says
    return expectation.signal is not None and record["kind"] == expectation.signal.value and said


def _judged(expectation: Expectation, at: str | None, *, wanted: bool) -> Judged:
    words = [
        expectation.rule,
        expectation.signal,
        expectation.says,
        expectation.region,
        expectation.severity,
        expectation.level,
    ]
    named = " ".join(str(word) for word in words if word) + _bounds(expectation.after, expectation.by)
    if wanted:
        return Judged(f"{named}: {f'came at {at}' if at else 'DID NOT COME'}", at is not None)
    return Judged(f"no {named}: {f'CAME at {at}' if at else 'did not come'}", at is None)


def _bounds(after: datetime | None, by: datetime | None) -> str:
    parts: Iterable[str] = (f" {word} {rfc3339(moment)}" for word, moment in (("after", after), ("by", by)) if moment)
    return "".join(parts)
