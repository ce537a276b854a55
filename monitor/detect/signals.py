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
from monitor.domain.signals import Hit, Interval, Signal, signal_id

SOURCE: Final = "detect"
STRENGTHS: Final[Mapping[Certainty, float]] = {
    Certainty.INSUFFICIENT: 0.0,
    Certainty.SUSPECTED: 0.5,
    Certainty.LIKELY: 0.8,
    Certainty.CONFIRMED: 0.97,
}
WEIGHED_AGAIN: Final = frozenset({News.STRENGTHENED, News.WEAKENED, News.EXPLAINED})
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
    parts = [evidence[0], told.news.value, rfc3339(outage.ended) or "", outage.degree.value, outage.kind.value]
    if told.news in WEIGHED_AGAIN:
        # The same class may be reached twice, and each time is news of its own.
        parts.append(rfc3339(now) or "")
    if told.news is News.CHANGED and judgement:
        # A degree may be reached again: with another certainty it is something else.
        parts.append(judgement.certainty.value)
    key = content_id(*parts)
    strength = STRENGTHS[judgement.certainty] if judgement else outage.probability
    if restored:
        # That it is back was measured, however sure it is that it was ever gone.
        strength = 1.0 - outage.probability
    place = outage.details.get("place")
    return Signal(
        id=signal_id(key, kind, outage.regions),
        kind=kind,
        regions=outage.regions,
        at=outage.ended if restored and outage.ended else outage.onset,
        observed_at=now,
        source=SOURCE,
        witness=f"probes:{outage.entity}",
        strength=round(strength, 3),
        places=(place,) if place else (),
        place_regions=outage.regions[:1] if place else (),
        counts=_counts(outage, judgement),
        past=told.past or (ended and not restored),
        because=(
            Hit(rule=f"detect.{outage.scope.value}.{outage.kind.value}", words=words(told, judgement), start=0, end=0),
        ),
        evidence=evidence,
        tier=1,
        title=words(told, judgement),
    )


def _counts(outage: Outage, judgement: Judgement | None) -> dict[str, Interval]:
    found = {"targets_up": outage.up, "targets": outage.total, "vantages": outage.vantages}
    if outage.scope is Scope.LOCAL:
        found = {"quiet": outage.total - outage.up, "inside": outage.total}
        found |= {name: int(outage.details.get(name, "0")) for name in ("others_quiet", "others")}
    if judgement:
        found |= {"families": len(judgement.families), "showing": judgement.showing, "asked": judgement.asked}
    return {name: (number, number) for name, number in found.items()}


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
    parts.append(_how_much(outage))
    parts.append(f"onset {bounds(outage)}")
    if outage.ended:
        parts.append(f"ended {rfc3339(outage.ended)}")
    if outage.routing is not Routing.UNKNOWN:
        parts.append("announced but dark" if outage.routing is Routing.ANNOUNCED else "withdrawn from routing")
    if outage.cause.value != "unknown":
        parts.append(f"cause said to be {outage.cause.value}")
    if judgement:
        parts.append(sureness(judgement))
    if outage.witness:
        parts.append(f"witness {outage.witness}")
    if told.before and told.news is News.AMENDED:
        parts.append(f"amended by late data: it was {bounds(told.before)} to {rfc3339(told.before.ended) or 'now'}")
    return "; ".join(parts)


def _how_much(outage: Outage) -> str:
    if outage.scope is not Scope.LOCAL:
        return f"{outage.up} of {outage.total} targets up at worst, {outage.vantages} vantages"
    others = f"{outage.details.get('others_quiet', '0')} of {outage.details.get('others', '0')} elsewhere"
    return f"{outage.details.get('place')}: {outage.total - outage.up} of {outage.total} inside fell quiet, {others}"


def sureness(judgement: Judgement) -> str:
    """How sure, and on how much that rests."""
    count = len(judgement.families)
    kinds = f"{count} kind{'' if count == 1 else 's'} of evidence"
    named = ", ".join(family.value.replace("_", " ") for family in judgement.families)
    asked = f"{judgement.showing} of {judgement.asked} sources with data show it, {judgement.of} in all"
    return f"{judgement.certainty.value} by {kinds} ({named}; {asked})"


def bounds(outage: Outage) -> str:
    """Both bounds of the onset."""
    earliest = rfc3339(outage.onset_earliest) or "unknown"
    return f"after {earliest}, by {rfc3339(outage.onset_latest)}"
