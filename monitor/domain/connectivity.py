"""Connectivity of networks, regions and services: rounds as tallies go in, outages come out.

Detectors know nothing of probes, only tallies: of so many targets, so many were up. What is measured (share lost, which
networks) is kept apart from why (`Cause`), which is `unknown` until somebody says so; a power or cable failure is never
called a shutdown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import TypeAdapter

from monitor.domain.kinds import EventKind
from monitor.domain.measurements import Access, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one round found among the targets of one network in one region, for one service or for all.

    Attributes:
        total: targets with a valid verdict, after control and quorum; 0 = nothing valid, which is not "fine".
        up: of them reachable; slow and intercepted ones are reachable too.
        slow: of them throttled.
        intercepted: of them answered by somebody else (TLS interception).
        domestic_total, domestic_up: the part of `total` and `up` that lies inside the country.
        inside_total, inside_up: the part of `total` and `up` that agents inside the country speak of.
        asked: targets asked, valid or not: the denominator of coverage.
        vantages: how many valid vantages, inside or out, stand behind it.
        witness: id of one measurement that shows the finding; `None` if none does.
    """

    operator: str | None = None
    region: str | None = None
    service: str | None = None
    access: Access = Access.FIXED
    total: int = 0
    up: int = 0
    slow: int = 0
    intercepted: int = 0
    domestic_total: int = 0
    domestic_up: int = 0
    inside_total: int = 0
    inside_up: int = 0
    asked: int = 0
    vantages: int = 0
    witness: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """All tallies of one moment. A round that comes again (late uploads joined it) replaces the earlier one."""

    at: datetime
    tallies: tuple[Tally, ...] = ()


def round_json(found: Round) -> bytes:
    """The round as JSON, as it travels and is kept."""
    return _ROUND.dump_json(found, exclude_defaults=True)


def round_from_json(data: bytes | str) -> Round:
    """The round that this JSON holds.

    Raises:
        pydantic.ValidationError: not a round.
    """
    return _ROUND.validate_json(data)


_ROUND: Final = TypeAdapter(Round)


class Scope(StrEnum):
    """How far an outage reaches."""

    LOCAL = "local"
    SERVICE = "service"
    OPERATOR = "operator"
    REGION = "region"
    SEVERAL_REGIONS = "several_regions"
    NATIONAL = "national"


class OutageKind(StrEnum):
    """What sort of outage it looks like."""

    FULL = "full"
    MOBILE_ONLY = "mobile_only"
    OPERATOR = "operator"
    SERVICE_BLOCK = "service_block"
    THROTTLING = "throttling"
    WHITE_LIST = "white_list"
    MITM = "mitm"


class Degree(StrEnum):
    """How much of the usual is lost: under a fifth, under a half, under nine tenths, more."""

    MINOR = "minor"
    DEGRADED = "degraded"
    SEVERE = "severe"
    BLACKOUT = "blackout"


class Routing(StrEnum):
    """What the routing tables say of a network that does not answer."""

    UNKNOWN = "unknown"
    ANNOUNCED = "announced"
    WITHDRAWN = "withdrawn"


class Cause(StrEnum):
    """Why, as far as somebody has said so. Never concluded from measurements."""

    UNKNOWN = "unknown"
    POWER = "power"
    CABLE = "cable"
    MAINTENANCE = "maintenance"
    ORDER = "order"


class Certainty(StrEnum):
    """How much stands behind it: nothing, one source, fused evidence, fused evidence of two families at least."""

    INSUFFICIENT = "insufficient"
    SUSPECTED = "suspected"
    LIKELY = "likely"
    CONFIRMED = "confirmed"


class EvidenceFamily(StrEnum):
    """Groups of sources that err together, and therefore count once."""

    OWN_ACTIVE = "own_active"
    INSIDE = "inside"
    THIRD_PARTY = "third_party"
    ROUTING = "routing"
    TRAFFIC = "traffic"
    ATLAS = "atlas"
    REPORTS = "reports"
    ANNOUNCED = "announced"


DEGREES: Final = ((0.9, Degree.BLACKOUT), (0.5, Degree.SEVERE), (0.2, Degree.DEGRADED))


def degree_of(loss_ratio: float) -> Degree:
    """The degree by the share of the usual that is lost, 0..1."""
    return next((degree for least, degree in DEGREES if loss_ratio >= least), Degree.MINOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """One continuous disturbance of one entity. Every re-opening ends one; the next begins anew.

    Attributes:
        entity: `national`, `operator:<name>`, `region:<code>`, `service:<role>@<operator>`, `slow:`, `mitm:`, `local:`.
        onset: first round of it, dated back.
        onset_earliest: last round before it that looked usual (the onset lies after it); `None` if none did.
        onset_latest: first round that spoke clearly (the onset lies no later).
        detected_at: time of the round at which we became sure.
        ended: first usual round after it; `None` while it lasts.
        loss_ratio: greatest share of the usual that was lost, over a few rounds.
        up, total: counts of the worst rounds: so many of so many targets were up.
        entities: what it covers, for scopes above one entity.
    """

    entity: str
    scope: Scope
    kind: OutageKind
    onset: datetime
    onset_earliest: datetime | None
    onset_latest: datetime
    detected_at: datetime
    ended: datetime | None = None
    loss_ratio: float = 0.0
    up: int = 0
    total: int = 0
    vantages: int = 0
    probability: float = 0.0
    witness: str | None = None
    entities: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    routing: Routing = Routing.UNKNOWN
    cause: Cause = Cause.UNKNOWN
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def degree(self) -> Degree:
        """By the share lost."""
        return degree_of(self.loss_ratio)

    @property
    def state(self) -> State:
        """In the words of verdicts."""
        if self.kind in {OutageKind.SERVICE_BLOCK, OutageKind.WHITE_LIST, OutageKind.MITM}:
            return State.BLOCKED
        if self.kind is OutageKind.THROTTLING or self.degree in {Degree.MINOR, Degree.DEGRADED}:
            return State.DEGRADED
        return State.DOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an entity is now. `insufficient` where too little was valid: never `ok` by silence.

    Attributes:
        heard_at: last round with enough valid targets; `None` before any.
        vantages: how many stood behind the last round.
    """

    entity: str
    state: State
    since: datetime
    probability: float
    up: int
    total: int
    asked: int
    usual_ratio: float | None
    heard_at: datetime | None = None
    vantages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An open outage as it is shown: with how sure we are, and on how much that rests.

    Attributes:
        families: kinds of evidence that show it.
        showing: sources that show it, of `asked` that have data, of `of` in all.
    """

    outage: Outage
    certainty: Certainty
    families: tuple[EvidenceFamily, ...]
    showing: int
    asked: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What there is to show of the network, as of the last round.

    Attributes:
        at: time of the last round; `None` before any.
        pace_seconds: when the next round of our own probes is due.
        openings: of the country's latest cuts, (start, end) of every window in them; an end of `None` is open.
        outages: that last, each with its certainty.
    """

    at: datetime | None = None
    pace_seconds: float = 120.0
    standings: tuple[Standing, ...] = ()
    openings: tuple[tuple[datetime, datetime | None], ...] = ()
    outages: tuple[Shown, ...] = ()


BOARD: Final = "network.board"
"""Name under which the board is remembered."""
FRESH: Final = timedelta(minutes=6)
"""A standing whose newest measurement is older than this is not known any more, whatever it was."""


def board_json(board: Board) -> str:
    """The board as it is kept."""
    return _BOARD.dump_json(board).decode()


def board_of(stored: Mapping[str, str]) -> Board | None:
    """The board among what is remembered; `None` where nothing was ever measured."""
    return _BOARD.validate_json(stored[BOARD]) if BOARD in stored else None


_BOARD: Final = TypeAdapter(Board)


def event_kind(outage: Outage) -> EventKind:
    """The kind of event that an outage is for rules. What has a technical cause is an outage, whatever its size."""
    if outage.cause in {Cause.POWER, Cause.CABLE, Cause.MAINTENANCE}:
        return EventKind.NET_OUTAGE
    by_kind = {
        OutageKind.SERVICE_BLOCK: EventKind.NET_SERVICE_BLOCK,
        OutageKind.THROTTLING: EventKind.NET_THROTTLING,
        OutageKind.WHITE_LIST: EventKind.NET_ALLOWLIST_OR_MITM,
        OutageKind.MITM: EventKind.NET_ALLOWLIST_OR_MITM,
        OutageKind.MOBILE_ONLY: EventKind.NET_MOBILE_ONLY,
    }
    if outage.kind in by_kind:
        return by_kind[outage.kind]
    if outage.scope is Scope.NATIONAL:
        return EventKind.NET_BLACKOUT_NATIONAL
    return EventKind.NET_OUTAGE if outage.scope is Scope.OPERATOR else EventKind.NET_BLACKOUT_LOCAL
