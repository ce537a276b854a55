"""What people, officials and measuring projects said of the network, and whether it is about a given outage. PURE."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.detect.signals import SOURCE
from monitor.domain.connectivity import EvidenceFamily, Outage, OutageKind, Scope
from monitor.domain.kinds import EventKind, Family
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.signals import Signal

MEASURED_ELSEWHERE: Final = "measurement"
"""Source of states of the network that somebody else found."""
BEFORE: Final = timedelta(minutes=30)
"""People may notice before our rounds do."""
AFTER: Final = timedelta(hours=12)
"""What is said of it later than this adds nothing."""
LEAST_STRENGTH: Final = 0.5
_CUT: Final = frozenset({EventKind.NET_BLACKOUT_NATIONAL, EventKind.NET_BLACKOUT_LOCAL, EventKind.NET_OUTAGE})
_KINDS: Final[Mapping[OutageKind, frozenset[EventKind]]] = {
    OutageKind.FULL: _CUT | {EventKind.NET_MOBILE_ONLY},
    OutageKind.OPERATOR: _CUT | {EventKind.NET_MOBILE_ONLY},
    OutageKind.MOBILE_ONLY: _CUT | {EventKind.NET_MOBILE_ONLY},
    OutageKind.WHITE_LIST: _CUT | {EventKind.NET_ALLOWLIST_OR_MITM},
    OutageKind.MITM: frozenset({EventKind.NET_ALLOWLIST_OR_MITM}),
    OutageKind.SERVICE_BLOCK: frozenset({EventKind.NET_SERVICE_BLOCK}),
    OutageKind.THROTTLING: frozenset({EventKind.NET_THROTTLING}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing that was said of the network.

    Attributes:
        family: what sort of voice it is.
    """

    signal: Signal
    family: EvidenceFamily

    @property
    def witness(self) -> str:
        """Who really says it: copies and forwards share one."""
        return self.signal.witness

    @property
    def tier(self) -> int:
        """How much the source is trusted, 1 best."""
        return self.signal.tier


def said_by(signal: Signal, stances: Mapping[str, str]) -> Said | None:
    """The signal as something that was said; `None` where it is none: ours, only denied, of another day, or too weak."""
    if signal.family is not Family.NET or signal.source == SOURCE:
        return None
    if not signal.stands or signal.past or signal.strength < LEAST_STRENGTH or signal.kind is EventKind.NET_RESTORED:
        return None
    stance = stances.get(signal.source, "independent")
    if signal.source == MEASURED_ELSEWHERE or stance == "measurement":
        return Said(signal=signal, family=EvidenceFamily.THIRD_PARTY)
    family = EvidenceFamily.ANNOUNCED if stance == "official" else EvidenceFamily.REPORTS
    return Said(signal=signal, family=family)


def supports(said: Said, outage: Outage, now: datetime) -> bool:
    """Whether it may be about this outage: the same sort, place and hours."""
    if said.signal.kind not in _KINDS[outage.kind] or not in_its_hours(said.signal, outage, now):
        return False
    where = said.signal.regions or (WHOLE_COUNTRY,)
    if outage.scope is Scope.NATIONAL or WHOLE_COUNTRY in outage.regions or not outage.regions:
        return True
    return WHOLE_COUNTRY in where or bool(set(where) & set(outage.regions))


def in_its_hours(signal: Signal, outage: Outage, now: datetime) -> bool:
    """Whether it speaks of the hours of this outage."""
    since = min(outage.onset, outage.onset_earliest or outage.onset) - BEFORE
    return since <= signal.at <= min(outage.ended or now, outage.onset + AFTER)
