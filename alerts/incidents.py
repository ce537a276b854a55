"""Incidents: what a person follows. Alerts of one group of families in one region are one incident. PURE.

A national cut of the network takes the regional ones into itself, whichever came first; short returns are lines of the
same story, and an incident closes only when its last alert has ended.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from alerts.evaluate import Turn, merged
from monitor.domain.alerts import Alert, Incident, IncidentState, Level, TimelineEntry
from monitor.domain.ids import content_id
from monitor.domain.kinds import Family
from monitor.domain.moments import rfc3339
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.signals import Signal

MAX_EVIDENCE: Final = 500
_STREET: Final = frozenset({Family.ASSEMBLY, Family.LABOUR, Family.UNREST, Family.POLICE, Family.STATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One incident after a turn.

    Attributes:
        cause: `opened`, `joined` (another rule), `evidence`, `level`, `severity`, `cleared`, `again`, `closed`, `folded`.
        before: the incident as it was; `None` for a new one.
    """

    incident: Incident
    cause: str
    turn: Turn
    before: Incident | None
    timeline: tuple[TimelineEntry, ...] = ()


def group_of(family: Family) -> str:
    """Families that people follow as one: what happens on the street, or a family of its own."""
    return "street" if family in _STREET else family.value


class Incidents:
    """Open incidents and which alerts they hold."""

    def __init__(self, incidents: Iterable[Incident] = (), alerts: Iterable[Alert] = ()) -> None:
        self._open = {incident.id: incident for incident in incidents}
        self._live: dict[str, set[str]] = {incident.id: set() for incident in self._open.values()}
        for alert in alerts:
            if alert.incident in self._live:
                self._live[alert.incident].add(alert.id)

    def take(self, turn: Turn, now: datetime) -> list[Step]:
        """What a turn of an alert does to incidents; the alert in the first step carries its incident's id."""
        if turn.event in {"pending", "dropped"} or turn.rule.shadow:
            return []
        if turn.event == "firing":
            return self._fired(turn, now)
        holder = next((known for known in self._open.values() if turn.alert.id in known.alerts), None)
        if holder is None:
            return []
        return self._resolved(holder, turn, now) if turn.event == "resolved" else [self._grown(holder, turn, now)]

    def evidence(self) -> set[str]:
        """Ids of the signals that open incidents hold."""
        return {name for incident in self._open.values() for name in incident.signals}

    def incident_of(self, alert: Alert) -> str | None:
        """Id of the open incident that holds an alert."""
        return next((known.id for known in self._open.values() if alert.id in known.alerts), None)

    def _fired(self, turn: Turn, now: datetime) -> list[Step]:
        alert = turn.alert
        home = self._home(alert)
        if home is None:
            opened = self._opened(turn, now)
            return [opened, *self._folded(opened.incident, turn, now)]
        grown = _grown(home, turn, now)
        grown = replace(grown, alerts=(*grown.alerts, alert.id), regions=_regions(grown, alert))
        self._live[home.id].add(alert.id)
        cause = "severity" if grown.severity > home.severity else "level" if grown.level != home.level else "joined"
        entry = _entry(grown, now, "alert", f"{turn.rule.title}: {alert.region}, {alert.severity.word}", alert.id)
        step = self._kept(grown, cause, turn, home, (entry,))
        return [step, *self._folded(grown, turn, now)]

    def _home(self, alert: Alert) -> Incident | None:
        """The open incident that an alert belongs to: its region's, or the country's for the network."""
        same = [known for known in self._open.values() if group_of(known.family) == group_of(alert.family)]
        here = [known for known in same if alert.region in known.regions and WHOLE_COUNTRY not in known.regions]
        national = [known for known in same if WHOLE_COUNTRY in known.regions]
        if alert.family is Family.NET and national:
            return national[0]
        if alert.region == WHOLE_COUNTRY:
            return national[0] if national else None
        return here[0] if here else None

    def _opened(self, turn: Turn, now: datetime) -> Step:
        alert = turn.alert
        incident = Incident(
            id=content_id("incident", alert.id)[:16], family=alert.family, regions=(alert.region,), state=IncidentState.OPEN,
            severity=alert.severity, level=alert.level, opened_at=now, updated_at=now, alerts=(alert.id,),
        )  # fmt: skip
        self._live[incident.id] = {alert.id}
        incident = _grown(incident, turn, now)
        entry = _entry(incident, now, "opened", f"{turn.rule.title}: {alert.region}, {alert.severity.word}", alert.id)
        return self._kept(incident, "opened", turn, None, (entry,))

    def _folded(self, parent: Incident, turn: Turn, now: datetime) -> list[Step]:
        """Regional cuts inside a national one are part of it."""
        if parent.family is not Family.NET or WHOLE_COUNTRY not in parent.regions:
            return []
        steps = []
        for child in [known for known in self._open.values() if known.family is Family.NET and known.id != parent.id]:
            closed = replace(child, state=IncidentState.CLOSED, closed_at=now, updated_at=now)
            entry = _entry(closed, now, "folded", f"part of the national incident {parent.id}", parent.id)
            del self._open[child.id]
            parent = replace(self._open[parent.id], alerts=(*self._open[parent.id].alerts, *child.alerts))
            self._open[parent.id] = parent
            self._live[parent.id] |= self._live.pop(child.id)
            steps.append(Step(incident=closed, cause="folded", turn=turn, before=child, timeline=(entry,)))
        if steps:
            steps.append(Step(incident=parent, cause="evidence", turn=turn, before=parent))
        return steps

    def _grown(self, home: Incident, turn: Turn, now: datetime) -> Step:
        grown = _grown(home, turn, now)
        cause = (
            turn.event if turn.event in {"cleared", "again"} else "level" if grown.level != home.level else "evidence"
        )
        words = {
            "cleared": f"restored or ended, so far: {_kinds(turn.signals)}",
            "again": f"came back: {_kinds(turn.signals)}",
            "level": f"now {grown.level.value}",
            "evidence": f"more evidence: {_kinds(turn.signals)}",
        }[cause]
        entry = _entry(grown, now, cause, words, turn.signals[0].id if turn.signals else None)
        return self._kept(grown, cause, turn, home, (entry,))

    def _resolved(self, home: Incident, turn: Turn, now: datetime) -> list[Step]:
        live = self._live[home.id]
        live.discard(turn.alert.id)
        entry = _entry(home, now, "resolved", f"{turn.rule.title}: {turn.alert.region}, ended", turn.alert.id)
        if live:
            return [self._kept(replace(home, updated_at=now), "evidence", turn, home, (entry,))]
        closed = replace(home, state=IncidentState.CLOSED, closed_at=now, updated_at=now)
        del self._open[home.id]
        del self._live[home.id]
        last = _entry(closed, now, "closed", "nothing of it holds any more", None)
        return [Step(incident=closed, cause="closed", turn=turn, before=home, timeline=(entry, last))]

    def _kept(
        self, incident: Incident, cause: str, turn: Turn, before: Incident | None, timeline: tuple[TimelineEntry, ...]
    ) -> Step:
        self._open[incident.id] = incident
        return Step(incident=incident, cause=cause, turn=turn, before=before, timeline=timeline)


def _grown(incident: Incident, turn: Turn, now: datetime) -> Incident:
    """The incident with an alert's evidence."""
    known = set(incident.signals)
    fresh = [signal for signal in turn.signals if signal.id not in known]
    witnesses = merged(incident.witnesses, (signal.witness for signal in turn.signals))
    level = max(incident.level, turn.alert.level, key=lambda level: level.rank)
    if len(witnesses) >= 2 and level is Level.SEEN:
        level = Level.CORROBORATED
    return replace(
        incident,
        updated_at=now,
        severity=max(incident.severity, turn.alert.severity),
        level=level,
        signals=(*incident.signals, *(signal.id for signal in fresh))[-MAX_EVIDENCE:],
        signal_count=incident.signal_count + len(fresh),
        witnesses=witnesses,
        places=tuple(
            dict.fromkeys(
                (
                    *incident.places,
                    *(place for signal in fresh for place in signal.places_in({*incident.regions, turn.alert.region})),
                )
            )
        )[:20],
    )


def _regions(incident: Incident, alert: Alert) -> tuple[str, ...]:
    return tuple(sorted({*incident.regions, alert.region}))


def _kinds(signals: Iterable[Signal]) -> str:
    return ", ".join(sorted({signal.kind.value for signal in signals})) or "time passed"


def _entry(incident: Incident, now: datetime, event: str, words: str, refers_to: str | None) -> TimelineEntry:
    mark = content_id("timeline", incident.id, event, words, refers_to or "", rfc3339(now) or "")
    return TimelineEntry(id=mark, incident=incident.id, at=now, event=event, words=words, refers_to=refers_to)


_TELLING: Final = ("closed", "opened", "severity", "level", "joined", "cleared", "again", "evidence", "folded")
"""Causes, the most telling first."""


def as_one(steps: Sequence[Step]) -> list[Step]:
    """The steps of each incident at one moment as one: where it came to, why, and by its most severe rule."""
    found: dict[str, list[Step]] = {}
    for step in steps:
        found.setdefault(step.incident.id, []).append(step)
    return [
        Step(
            incident=together[-1].incident,
            cause=min((step.cause for step in together), key=_TELLING.index),
            turn=max((step.turn for step in together), key=lambda turn: turn.alert.severity),
            before=together[0].before,
        )
        for together in found.values()
    ]
