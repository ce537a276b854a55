"""What looks like a shutdown and may be none: power cuts, broken cables, maintenance; and what routing tables say.

A cause is never concluded from measurements. It is taken from notices (an operator, a grid company, a report) that fit in
place and time; it changes what the outage is called, never what was measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.detect.entities import operator_of
from monitor.domain.connectivity import Cause, Outage, Routing
from monitor.domain.regions import WHOLE_COUNTRY

FITS_WITHIN: Final = timedelta(hours=2)
ANNOUNCED_SHARE: Final = 0.5
"""With this share of its usual prefixes still seen, a network that does not answer is announced but dark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Somebody names a technical cause, or an order.

    Attributes:
        regions: ISO 3166-2 codes; `operators`: short names; empty = not said.
        until: `None` while it lasts.
        source: id of the source.
    """

    cause: Cause
    since: datetime
    until: datetime | None = None
    regions: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()
    source: str = ""


def with_cause(outage: Outage, notices: Sequence[Notice]) -> Outage:
    """The outage with the cause that fits it; an order outweighs a technical excuse, and both are kept in its details."""
    fitting = [notice for notice in notices if _fits(outage, notice)]
    if not fitting:
        return outage
    ordered = sorted(fitting, key=lambda notice: (notice.cause is not Cause.ORDER, notice.since))
    said = "; ".join(f"{notice.cause.value} ({notice.source})" for notice in ordered)
    return replace(outage, cause=ordered[0].cause, details={**outage.details, "said of the cause": said})


def _fits(outage: Outage, notice: Notice) -> bool:
    if notice.since - FITS_WITHIN > (outage.ended or outage.detected_at) or (
        notice.until is not None and notice.until < outage.onset - FITS_WITHIN
    ):
        return False
    named = {operator_of(entity) for entity in (outage.entity, *outage.entities) if entity.startswith("operator:")}
    if notice.operators:
        return bool(named) and named <= set(notice.operators)
    if WHOLE_COUNTRY in notice.regions:
        return True
    # A power cut in one region does not explain what other regions lose.
    return bool(notice.regions) and set(outage.regions) <= set(notice.regions)


def routing_of(visible: int | None, usual: int | None) -> Routing:
    """What the tables say of a dark network: `visible` of its `usual` prefixes are seen; `None` = not known."""
    if visible is None or not usual:
        return Routing.UNKNOWN
    return Routing.ANNOUNCED if visible >= ANNOUNCED_SHARE * usual else Routing.WITHDRAWN


def with_routing(outage: Outage, visible: int | None, usual: int | None) -> Outage:
    """The outage with "announced but dark" told apart from "withdrawn"."""
    return replace(outage, routing=routing_of(visible, usual))
