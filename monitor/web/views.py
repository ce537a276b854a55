"""What the pages and the API show, as plain values. PURE: domain values and now in, dicts out.

Titles and texts of posts are not shown: kinds, places, sources, times, reasons in few words (private people masked), and
the link to the post.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from monitor.domain.alerts import Incident, Notification, TimelineEntry
from monitor.domain.changes import StoredReport
from monitor.domain.connectivity import Board
from monitor.domain.health import Feeling, Health
from monitor.domain.kind_names import FAMILY_NAMES, KIND_NAMES
from monitor.domain.moments import rfc3339
from monitor.domain.ports import Clock
from monitor.domain.regions import Region
from monitor.domain.signals import Signal
from monitor.domain.sources import Source
from monitor.read.masking import Masker
from monitor.web.network import network
from monitor.web.tiles import Tile, tiles

STALE: Final = timedelta(minutes=2)
"""A heartbeat older than this means that nothing on the page is fresh."""
LOOK_BACK: Final = timedelta(hours=6)
LISTED: Final = 40
LISTED_INCIDENTS: Final = 50
"""Rows that the page lists: the latest signals, and the gravest open incidents."""
_LOCAL: Final = ZoneInfo("Asia/Almaty")


class Known(Protocol):
    """What the views need to know."""

    @property
    def clock(self) -> Clock: ...  # noqa: D102
    @property
    def sources(self) -> Mapping[str, Source]: ...  # noqa: D102
    @property
    def regions(self) -> Mapping[str, Region]: ...  # noqa: D102
    @property
    def speed(self) -> float: ...  # noqa: D102
    @property
    def masker(self) -> Masker: ...  # noqa: D102


def picture(
    known: Known, healths: Sequence[Health], incidents: Sequence[Incident], signals: Sequence[Signal],
    board: Board | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Everything that the status page shows."""
    now = known.clock.now()
    states = {health.subject: health for health in healths}
    rows = [
        source_row(source, states.get(f"source:{name}")) for name, source in known.sources.items() if source.enabled
    ]
    hearing = sum(row["feeling"] == Feeling.OK.value for row in rows)
    beat = states.get("part:heartbeat")
    fresh = is_fresh(beat, known)
    blind = blindness(known, hearing, len(rows), states.get("line"), fresh=fresh)
    parts = [health for health in healths if health.subject.startswith("part:") and health.feeling is not Feeling.OK]
    ours = [part for part in parts if not part.subject.startswith("part:collect:")]
    return {
        "now": now,
        "headline": headline(now, f"{hearing} of {len(rows)} sources answer", blind, incidents, signals),
        "blind": bool(blind),
        "fresh": fresh,
        "heartbeat": beat.checked_at if beat else None,
        "tiles": tiles(known.regions, incidents, signals, now, blind=bool(blind)),
        "line": states["line"].reason if "line" in states else "not looked at yet",
        "incidents": [
            incident_row(known, one) for one in sorted(incidents, key=lambda one: -one.severity)[:LISTED_INCIDENTS]
        ],
        "signals": [signal_row(known, signal) for signal in signals[:LISTED]],
        "network": network(known, board, states.get("probe"), now),
        "sources": sorted(rows, key=lambda row: (row["feeling"] == Feeling.OK.value, row["name"])),
        "hearing": hearing,
        "troubles": [{"part": part.subject, "feeling": part.feeling.value, "reason": part.reason} for part in ours],
    }


def is_fresh(health: Health | None, known: Known) -> bool:
    """Whether somebody looked a moment ago; a demonstration's clock runs faster than life."""
    return health is not None and known.clock.now() - health.checked_at <= STALE * known.speed


def blindness(known: Known, hearing: int, sources: int, line: Health | None, *, fresh: bool) -> str:
    """Why silence tells nothing now; empty where the service runs and enough sources answer over a line that is up."""
    if hearing == 0 or hearing * 2 < sources:
        return "WE ARE MOSTLY BLIND"
    if not fresh:
        return "THE SERVICE DOES NOT RUN"
    if line is None or not is_fresh(line, known):
        return "NOBODY LOOKS AT OUR OWN LINE"
    if line.feeling is Feeling.UNKNOWN:
        return "NO HOST HAS BEEN REACHED YET"
    return "" if line.feeling is Feeling.OK else "OUR OWN LINE IS DOWN"


def headline(now: datetime, heard: str, blind: str, incidents: Sequence[Incident], signals: Sequence[Signal]) -> str:
    """The first sentence. It never says that all is well where we do not hear."""
    if blind:
        heard += f": {blind}, silence here is not calm"
    if incidents:
        return f"{len(incidents)} open incident{'s' if len(incidents) > 1 else ''}. {heard}."
    recent = sum(now - signal.at <= LOOK_BACK for signal in signals)
    told = f"{recent} signals, no open incident" if recent else "Nothing reported"
    return f"{told} in the last 6 hours; {heard}."


def source_row(source: Source, health: Health | None) -> dict[str, Any]:
    """A source and how it feels."""
    return {
        "id": source.id, "name": source.name, "owner": source.owner, "region": source.region, "tier": source.tier,
        "feeling": health.feeling.value if health else Feeling.UNKNOWN.value,
        "reason": health.reason if health else "not asked yet", "since": health.since if health else None,
        "last_good_at": health.last_good_at if health else None, "retry_at": health.retry_at if health else None,
        "verified": str(source.verified),
    }  # fmt: skip


def incident_row(known: Known, incident: Incident) -> dict[str, Any]:
    """An incident in one line."""
    return {
        "id": incident.id, "family": incident.family.value, "what": FAMILY_NAMES[incident.family]["en"], "regions": list(incident.regions),
        "where": where(known, incident.regions), "places": list(incident.places), "state": incident.state.value,
        "severity": incident.severity.word, "level": incident.level.value, "opened_at": incident.opened_at,
        "updated_at": incident.updated_at, "closed_at": incident.closed_at, "witnesses": len(incident.witnesses),
        "signal_count": incident.signal_count, "evidence": list(incident.signals)[-20:],
    }  # fmt: skip


def signal_row(known: Known, signal: Signal) -> dict[str, Any]:
    """A signal with its reason and its link."""
    source = known.sources.get(signal.source)
    return {
        "id": signal.id, "kind": signal.kind.value, "what": KIND_NAMES[signal.kind]["en"],
        "regions": list(signal.regions), "where": where(known, signal.regions),
        "places": list(signal.places), "at": signal.at, "observed_at": signal.observed_at, "strength": signal.strength,
        "source": signal.source, "source_name": source.name if source else signal.source, "denied": signal.denied,
        "claimed": signal.claimed, "past": signal.past, "counts": {role: list(interval) for role, interval in signal.counts.items()},
        "because": [{"rule": hit.rule, "words": known.masker.mask(hit.words)} for hit in signal.because[:4]], "link": web_link(signal.link),
        "report": signal.report,
    }  # fmt: skip


def report_row(report: StoredReport) -> dict[str, Any]:
    """A report without its text."""
    return {
        "id": report.id, "source": report.source, "link": web_link(report.link), "published_at": report.published_at,
        "observed_at": report.observed_at, "versions": report.versions, "deleted_at": report.deleted_at,
    }  # fmt: skip


def story(
    known: Known,
    incident: Incident,
    signals: Sequence[Signal],
    timeline: Sequence[TimelineEntry],
    told: Sequence[Notification],
) -> dict[str, Any]:
    """One incident with all that belongs to it."""
    return {
        "incident": incident_row(known, incident),
        "signals": [signal_row(known, signal) for signal in signals],
        "timeline": [
            {"at": entry.at, "event": entry.event, "words": known.masker.mask(entry.words), "refers_to": entry.refers_to}
            for entry in timeline
        ],
        "told": [
            {"receiver": note.receiver, "reason": note.reason.value, "state": note.state.value, "created_at": note.created_at,
             "sent_at": note.sent_at, "attempts": note.attempts, "error": note.last_error}
            for note in told
        ],
    }  # fmt: skip


def where(known: Known, regions: Sequence[str]) -> str:
    """Names of regions."""
    return (
        ", ".join(known.regions[code].names.en if code in known.regions else code for code in regions)
        or "place unknown"
    )


def web_link(link: str | None) -> str | None:
    """The link if a browser may follow it; nothing else ever becomes a link."""
    try:
        return link if link and urlsplit(link).scheme in {"http", "https"} else None
    except ValueError:
        return None


def when(moment: datetime | None) -> str:
    """A moment in Almaty's time and in UTC."""
    if moment is None:
        return "-"
    return f"{moment.astimezone(_LOCAL):%d.%m %H:%M} ({moment:%H:%M} UTC)"


def age(moment: datetime | None, now: datetime) -> str:
    """How long ago."""
    if moment is None:
        return "never"
    minutes = (now - moment) / timedelta(minutes=1)
    if minutes < 1:
        return "just now"
    if minutes < 120:
        return f"{minutes:.0f} min ago"
    return f"{minutes / 60:.0f} h ago" if minutes < 2880 else f"{minutes / 1440:.0f} days ago"


def plain(value: Any) -> Any:
    """Values as JSON knows them: times as RFC 3339."""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Tile):
        return {"code": value.code, "name": value.name, "state": value.state, "said": value.said}
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value
