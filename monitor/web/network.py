"""The network as the page and `dabyl status` show it: every operator and region, since when, on how much it rests. PURE.

Never green without data: a state whose newest measurement is old is not shown as a state but as not known.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from monitor.domain.connectivity import FRESH, Board, Scope, Shown, Standing
from monitor.domain.health import Feeling, Health
from monitor.domain.measurements import State
from monitor.domain.regions import Region

_ORDER: Final = ("operator", "region", "service")
_WORST_FIRST: Final = (State.DOWN, State.BLOCKED, State.DEGRADED, State.INSUFFICIENT, State.OK)
MOST_OPENINGS: Final = 5


class Known(Protocol):
    """What is needed to name things."""

    @property
    def regions(self) -> Mapping[str, Region]: ...  # noqa: D102
    @property
    def speed(self) -> float: ...  # noqa: D102


def network(known: Known, board: Board | None, probes: Health | None, now: datetime) -> dict[str, Any]:
    """One row an operator and region; services only where something is the matter with them."""
    rows = [_row(known, one, now) for one in board.standings] if board else []
    shown = [row for row in rows if row["what"] != "service" or row["state"] not in {"ok", "insufficient"}]
    counted = [row for row in shown if row["what"] != "service"]
    return {
        "headline": _headline(counted),
        "probes": _probes(probes),
        "rows": sorted(
            shown, key=lambda row: (_ORDER.index(row["what"]), _WORST_FIRST.index(State(row["state"])), row["name"])
        ),
        "at": board.at if board else None,
        "outages": [_outage(known, one) for one in board.outages] if board else [],
        "services": sum(row["what"] == "service" for row in rows),
        "openings": [{"start": start, "end": end} for start, end in board.openings[-MOST_OPENINGS:]] if board else [],
    }


def _outage(known: Known, one: Shown) -> dict[str, Any]:
    """An outage that lasts: who, since when at the earliest and the latest, how much of how many, and how sure."""
    outage = one.outage
    what, _, name = outage.entity.partition(":")
    local = outage.scope is Scope.LOCAL
    region = known.regions.get(name) if what == "region" else None
    return {
        "entity": outage.entity, "name": outage.details.get("place") or (region.names.en if region else name or what),
        "scope": outage.scope.value.replace("_", " "), "kind": outage.kind.value.replace("_", " "),
        "degree": outage.degree.value, "certainty": one.certainty.value,
        "families": [family.value.replace("_", " ") for family in one.families], "showing": one.showing,
        "asked": one.asked, "of": one.of, "since": outage.onset, "after": outage.onset_earliest,
        "by": outage.onset_latest, "up": outage.up, "total": outage.total, "counted": "agents" if local else "targets",
        "others": outage.details.get("others"), "others_quiet": outage.details.get("others_quiet"),
        "vantages": outage.vantages, "witness": outage.witness, "cause": outage.cause.value,
        "regions": list(outage.regions),
    }  # fmt: skip


def _headline(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return "Nothing has been measured: what the network is like is not known"
    known = [row for row in rows if row["state"] != State.INSUFFICIENT.value]
    if not known:
        return "No fresh measurements: what the network is like now is not known"
    well = sum(row["state"] == State.OK.value for row in known)
    unknown = len(rows) - len(known)
    return f"{well} of {len(known)} networks and regions are well" + (f"; {unknown} are not known" if unknown else "")


def _row(known: Known, one: Standing, now: datetime) -> dict[str, Any]:
    what, _, name = one.entity.partition(":")
    fresh = one.heard_at is not None and now - one.heard_at <= FRESH * max(1.0, known.speed)
    state = one.state if fresh else State.INSUFFICIENT
    region = known.regions.get(name) if what == "region" else None
    return {
        "entity": one.entity, "what": what, "name": region.names.en if region else name, "state": state.value,
        "since": one.since if fresh else one.heard_at, "up": one.up, "total": one.total, "asked": one.asked,
        "vantages": one.vantages, "heard_at": one.heard_at,
    }  # fmt: skip


def _probes(health: Health | None) -> str:
    if health is None:
        return "off"
    return health.reason if health.feeling is Feeling.OK else f"{health.feeling.value}: {health.reason}"
