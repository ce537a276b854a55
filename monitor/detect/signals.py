"""Outages to signals that rules can judge, each with its counts, bounds and witness, in words that a person can check."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from monitor.detect.fusion import Judgement
from monitor.detect.history import News, Told
from monitor.domain.connectivity import Certainty, Outage, OutageKind, Routing, Scope, event_kind
from monitor.domain.ids import content_id
from monitor.domain.kinds import EventKind
from monitor.domain.moments import rfc3339
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.signals import Hit, Signal, signal_id

SOURCE: Final = "detect"
STRENGTHS: Final[Mapping[Certainty, float]] = {
    Certainty.INSUFFICIENT: 0.0,
    Certainty.SUSPECTED: 0.5,
    Certainty.LIKELY: 0.8,
    Certainty.CONFIRMED: 0.97,
}
CUTS: Final = frozenset({Scope.NATIONAL, Scope.REGION, Scope.SEVERAL_REGIONS, Scope.LOCAL})


def outage_id(outage: Outage) -> str:
    """The id of an outage: its entity and its onset as first told."""
    return content_id("outage", outage.entity, rfc3339(outage.onset) or "")


def signal_of(
    told: Told, now: datetime, judgement: Judgement | None = None, *, still_open: Collection[Outage] = ()
) -> Signal:
    """The signal of one piece of news. What is past stays past: rules do not page for it.

    An end is "the internet is back" only for what was cut from people (the country, a region, mobile networks), and only
    while no other such cut is open there: a messenger that answers again is no all clear, and one that does not yet
    answer does not hide that the cut is over.
    """
    outage = told.outage
    ended = told.news in {News.ENDED, News.WITHDRAWN}
    restored = ended and not told.past and _all_clear(outage, still_open)
    kind = EventKind.NET_RESTORED if restored else event_kind(outage)
    evidence = (outage_id(told.before or outage), *((outage.witness,) if outage.witness else ()))
    key = content_id(evidence[0], told.news.value, rfc3339(outage.ended) or "", outage.degree.value, outage.kind.value)
    strength = STRENGTHS[judgement.certainty] if judgement else outage.probability
    if restored and judgement is None:
        strength = 1.0 - outage.probability
    return Signal(
        id=signal_id(key, kind, outage.regions),
        kind=kind,
        regions=outage.regions,
        at=outage.ended if restored and outage.ended else outage.onset,
        observed_at=now,
        source=SOURCE,
        witness=f"probes:{outage.entity}",
        strength=round(strength, 3),
        counts={
            "targets_up": (outage.up, outage.up),
            "targets": (outage.total, outage.total),
            "vantages": (outage.vantages, outage.vantages),
        },
        past=told.past or (ended and not restored),
        because=(
            Hit(rule=f"detect.{outage.scope.value}.{outage.kind.value}", words=words(told, judgement), start=0, end=0),
        ),
        evidence=evidence,
        tier=1,
        title=words(told, judgement),
    )


def _all_clear(outage: Outage, still_open: Collection[Outage]) -> bool:
    return _is_wide(outage) and not any(
        set(other.regions) & set(outage.regions) or WHOLE_COUNTRY in other.regions
        for other in still_open
        if _is_wide(other)
    )


def _is_wide(outage: Outage) -> bool:
    """It cuts people off, and does not only take a service from them."""
    return outage.scope in CUTS or outage.kind is OutageKind.MOBILE_ONLY


def words(told: Told, judgement: Judgement | None = None) -> str:
    """What is told, in one line: who, how much of how many, since when, how sure."""
    outage = told.outage
    parts = [
        f"{outage.entity}: {told.news.value}",
        f"scope {outage.scope.value.replace('_', ' ')}",
        outage.degree.value,
        outage.kind.value.replace("_", " "),
    ]
    parts.append(f"{outage.up} of {outage.total} targets up at worst, {outage.vantages} vantages")
    parts.append(f"onset {bounds(outage)}")
    if outage.ended:
        parts.append(f"ended {rfc3339(outage.ended)}")
    if outage.routing is not Routing.UNKNOWN:
        parts.append("announced but dark" if outage.routing is Routing.ANNOUNCED else "withdrawn from routing")
    if outage.cause.value != "unknown":
        parts.append(f"cause said to be {outage.cause.value}")
    if judgement:
        parts.append(f"{judgement.certainty.value} by {len(judgement.families)} kinds of evidence")
    if outage.witness:
        parts.append(f"witness {outage.witness}")
    if told.before and told.news is News.AMENDED:
        parts.append(f"amended by late data: it was {bounds(told.before)} to {rfc3339(told.before.ended) or 'now'}")
    return "; ".join(parts)


def bounds(outage: Outage) -> str:
    """Both bounds of the onset."""
    earliest = rfc3339(outage.onset_earliest) or "unknown"
    return f"after {earliest}, by {rfc3339(outage.onset_latest)}"
