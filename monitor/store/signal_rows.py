"""Signals as rows. The words of the report stand apart from the rest, because they go when its text goes."""

import json
from typing import Any

from sqlalchemy import Row

from monitor.domain.kinds import EventKind
from monitor.domain.signals import Hit, Signal
from monitor.store.values import (
    compact_json,
    microseconds,
    moment,
    optional_storable,
    spaced,
    storable,
    unspaced,
)

Values = dict[str, Any]


def signal_values(signal: Signal) -> Values:
    """The row of a signal."""
    details = {
        "places": signal.places,
        "place_regions": signal.place_regions,
        "counts": dict(signal.counts),
        "evidence": signal.evidence,
        "because": [(hit.rule, hit.start, hit.end) for hit in signal.because],
        "claimed": signal.claimed,
    }
    return {
        "id": signal.id,
        "kind": signal.kind.value,
        "family": signal.kind.value.partition(".")[0],
        "regions": spaced(signal.regions),
        "at": microseconds(signal.at),
        "observed_at": microseconds(signal.observed_at),
        "source": signal.source,
        "witness": storable(signal.witness),
        "strength": signal.strength,
        "tier": signal.tier,
        "denied": signal.denied,
        "past": signal.past,
        "report": signal.report,
        "link": optional_storable(signal.link),
        "language": signal.language,
        "title": optional_storable(signal.title),
        "details": compact_json(details),
        "words": compact_json([hit.words for hit in signal.because]),
    }


def signal(row: Row[Any]) -> Signal:
    """The signal of a row; its reasons have no words once retention has removed them."""
    details = json.loads(row.details)
    because = details["because"]
    words = json.loads(row.words) if row.words is not None else [""] * len(because)
    return Signal(
        id=row.id,
        kind=EventKind(row.kind),
        regions=unspaced(row.regions),
        at=moment(row.at),
        observed_at=moment(row.observed_at),
        source=row.source,
        witness=row.witness,
        strength=row.strength,
        places=tuple(details["places"]),
        place_regions=tuple(details.get("place_regions", ())),
        counts={role: (lowest, highest) for role, (lowest, highest) in details["counts"].items()},
        denied=row.denied,
        claimed=details.get("claimed", False),
        past=row.past,
        because=tuple(Hit(rule, text, start, end) for (rule, start, end), text in zip(because, words, strict=True)),
        evidence=tuple(details["evidence"]),
        report=row.report,
        link=row.link,
        tier=row.tier,
        language=row.language,
        title=row.title,
    )
