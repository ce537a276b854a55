"""Analyst questions over the store, as plain rows, and the same as CSV that no spreadsheet can be tricked by."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, Literal

from monitor.domain.alerts import Incident
from monitor.domain.changes import Query, StoredReport
from monitor.domain.moments import rfc3339
from monitor.domain.ports import SeriesStore, StateStore
from monitor.domain.series import SeriesQuery
from monitor.domain.signals import Signal
from monitor.read.ledger import KINDS, LINKED_FOR, Detentions, Known, ledger
from monitor.read.stations import Station

What = Literal["signals", "incidents", "reports"]
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "signals": (
        "at",
        "kind",
        "regions",
        "places",
        "strength",
        "source",
        "witness",
        "denied",
        "claimed",
        "past",
        "counts",
        "link",
        "id",
    ),
    "incidents": (
        "opened_at",
        "closed_at",
        "family",
        "regions",
        "severity",
        "level",
        "state",
        "witnesses",
        "signals",
        "id",
    ),
    "reports": ("published_at", "observed_at", "source", "link", "versions", "deleted_at", "id"),
    "detentions": (
        "day",
        "region",
        "place",
        "detained_low",
        "detained_high",
        "official_low",
        "official_high",
        "denied",
        "witnesses",
        "stations",
        "released_low",
        "released_high",
        "releases",
        "sentenced_low",
        "sentenced_high",
        "sentences",
        "days_low",
        "days_high",
        "sources",
        "first_at",
        "last_at",
        "links",
    ),
}
MOST_SIGNALS: Final = 200_000
"""Signals that a ledger is made of; a month of the worst year has some tens of thousands."""
IDS_AT_ONCE: Final = 500
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\0")


async def steps(series: SeriesStore, query: SeriesQuery, width: timedelta, by: str) -> list[dict[str, Any]]:
    """Steps of a series as rows, oldest first; a step without points is no row: no data is not "nothing happened"."""
    return [
        {
            "at": rfc3339(bucket.at), by: bucket.label, "points": bucket.points,
            "ratio": None if bucket.ratio is None else round(bucket.ratio, 4), "value": bucket.value,
        }
        for bucket in await series.steps(query, width, by)
    ]  # fmt: skip


async def ask(state: StateStore, what: What, query: Query) -> list[dict[str, Any]]:
    """The rows that answer a question; lists are lists, times are RFC 3339 in UTC."""
    if what == "signals":
        return [_signal(signal) for signal in await state.signals(query)]
    if what == "incidents":
        return [_incident(incident) for incident in await state.incidents(query)]
    return [_report(report) for report in await state.reports(query)]


async def detentions(state: StateStore, query: Query, known: Known) -> list[dict[str, Any]]:
    """The detention ledger as rows, newest day first: what was said of each city and day, reconciled.

    Args:
        state: where the signals are.
        query: which regions, sources and times of detentions; `limit` is of rows.
        known: official sources, cities and zones; texts are read from the store.
    """
    until = query.until + LINKED_FOR if query.until else None
    signals = await state.signals(replace(query, kinds=KINDS, until=until, limit=MOST_SIGNALS))
    texts = await _texts(state, {signal.report for signal in signals if signal.report})
    entries = ledger(signals, replace(known, texts=texts))
    wanted = [entry for entry in entries if query.until is None or entry.first_at < query.until]
    return [_detention(entry) for entry in wanted[: query.limit]]


async def _texts(state: StateStore, reports: Iterable[str]) -> dict[str, str]:
    """Texts that retention has left, by report."""
    names, texts = sorted(reports), {}
    for start in range(0, len(names), IDS_AT_ONCE):
        asked = tuple(names[start : start + IDS_AT_ONCE])
        for report in await state.reports(Query(ids=asked, limit=IDS_AT_ONCE)):
            texts[report.id] = "\n".join(part for part in (report.title, report.text) if part)
    return texts


def _detention(entry: Detentions) -> dict[str, Any]:
    spans = {
        "detained": entry.detained,
        "official": entry.official,
        "released": entry.released,
        "sentenced": entry.sentenced,
        "days": entry.days,
    }
    bounds = {
        f"{name}_{end}": interval[place] if interval else None
        for name, interval in spans.items()
        for place, end in enumerate(("low", "high"))
    }
    return {
        "day": entry.day.isoformat(), "region": entry.region, "place": entry.place, **bounds, "denied": entry.denied,
        "witnesses": entry.witnesses, "stations": [_station(station) for station in entry.stations],
        "releases": entry.releases, "sentences": entry.sentences, "sources": list(entry.sources),
        "first_at": rfc3339(entry.first_at), "last_at": rfc3339(entry.last_at), "links": list(entry.links), "reports": list(entry.reports),
    }  # fmt: skip


def _station(station: Station) -> str:
    if station.detained is None:
        return station.name
    low, high = station.detained
    told = f"{low}+" if high is None else f"{low}" if low == high else f"{low}-{high}"
    return f"{station.name}: {told}"


def _signal(signal: Signal) -> dict[str, Any]:
    return {
        "at": rfc3339(signal.at), "kind": signal.kind.value, "regions": list(signal.regions), "places": list(signal.places),
        "strength": signal.strength, "source": signal.source, "witness": signal.witness, "denied": signal.denied,
        "claimed": signal.claimed, "past": signal.past, "counts": {role: list(interval) for role, interval in signal.counts.items()},
        "link": signal.link, "id": signal.id, "evidence": list(signal.evidence),
    }  # fmt: skip


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "opened_at": rfc3339(incident.opened_at), "closed_at": rfc3339(incident.closed_at), "family": incident.family.value,
        "regions": list(incident.regions), "severity": incident.severity.word, "level": incident.level.value,
        "state": incident.state.value, "witnesses": len(incident.witnesses), "signals": incident.signal_count, "id": incident.id,
    }  # fmt: skip


def _report(report: StoredReport) -> dict[str, Any]:
    return {
        "published_at": rfc3339(report.published_at), "observed_at": rfc3339(report.observed_at), "source": report.source,
        "link": report.link, "versions": report.versions, "deleted_at": rfc3339(report.deleted_at), "id": report.id,
    }  # fmt: skip


def to_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """The rows as CSV; text that a spreadsheet would run as a formula gets a leading apostrophe (OWASP)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(row.get(column)) for column in columns])
    return out.getvalue()


def cell(value: Any) -> str | int | float:
    """A value as a cell: numbers stay numbers, lists are joined, formulas are text."""
    if value is None:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        value = "; ".join(f"{key} {part}" for key, part in value.items())
    text = " ".join(value) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
