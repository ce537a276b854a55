"""Signals: "this kind of thing seems to happen here, from then, this strongly", and what that rests on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest

from monitor.domain.ids import content_id
from monitor.domain.kinds import EventKind, Family
from monitor.domain.regions import WHOLE_COUNTRY

Interval = tuple[int, int | None]
"""Lowest and highest number of people or things; `None` as the upper end means "or more"."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One reason: which rule of which lexicon met which words, at which code points of the text it was given."""

    rule: str
    words: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PlaceHit:
    """A place named in a text, and the region it lies in (`None` where the name alone does not say)."""

    name: str
    region: str | None
    start: int
    end: int


class Deniable:
    """What is told, and may be denied."""

    __slots__ = ()
    denied: bool
    claimed: bool

    @property
    def stands(self) -> bool:
        """Whether somebody says that it is so: nobody denies it here, or the report tells it beside the denial."""
        return not self.denied or self.claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Deniable):
    """One kind of event that a text speaks of. The reader makes these; the pipeline makes Signals of them.

    Attributes:
        regions: ISO 3166-2 codes, `("KZ",)` for the whole country, empty where the place is unknown.
        places: names of cities, districts, squares and streets the event is said to be at.
        strength: 0..1, how sure the words are.
        counts: people or things by role (`detained`, `injured`, `killed`, `participants`, `days`, `fine`).
        denied: an official denies it; kept beside the claim, never counted as corroboration.
        claimed: denied, and yet told by the same text in its own or a witness's words; what is not denied needs no mark.
        past: told as something of another day (court report, anniversary, look back).
    """

    kind: EventKind
    regions: tuple[str, ...]
    places: tuple[str, ...] = ()
    strength: float = 0.0
    counts: Mapping[str, Interval] = field(default_factory=dict)
    denied: bool = False
    claimed: bool = False
    past: bool = False
    because: tuple[Hit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that a text says to us."""

    language: str
    findings: tuple[Finding, ...] = ()
    places: tuple[PlaceHit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal(Deniable):
    """A finding or a measured state, with its evidence, ready to be judged by rules.

    Attributes:
        id: made from the evidence and the kind, so that reading the same thing twice gives the same signal.
        source: id of the entry in sources.yaml, or of the detector.
        witness: who really saw it. Sources of one owner, forwards and copies of one text share a witness; only
            different witnesses corroborate each other.
        at: when it seems to happen.
        observed_at: when we learned of it.
        denied, claimed: as in `Finding`.
        evidence: ids of the reports or measurements it rests on.
        report: id of the report (all its wordings), so that an edited post is not two witnesses; `None` if measured.
        link: where a person can look at the evidence; `None` where there is no address.
        tier: how much the source is trusted, 1 best to 4.
        place_regions: the region of each of `places`, in their order; `None` where the name alone does not say.
    """

    id: str
    kind: EventKind
    regions: tuple[str, ...]
    at: datetime
    observed_at: datetime
    source: str
    witness: str
    strength: float
    places: tuple[str, ...] = ()
    counts: Mapping[str, Interval] = field(default_factory=dict)
    denied: bool = False
    claimed: bool = False
    past: bool = False
    because: tuple[Hit, ...] = ()
    evidence: tuple[str, ...] = ()
    report: str | None = None
    link: str | None = None
    tier: int = 3
    language: str | None = None
    title: str | None = None
    place_regions: tuple[str | None, ...] = ()

    def places_in(self, regions: Collection[str]) -> tuple[str, ...]:
        """Its places that lie in these regions, and those of which nobody knows where they lie; all for the country."""
        if WHOLE_COUNTRY in regions:
            return self.places
        lying = zip_longest(self.places, self.place_regions[: len(self.places)])
        return tuple(place for place, region in lying if region is None or region in regions)

    @property
    def family(self) -> Family:
        """The family of its kind."""
        return self.kind.family


def signal_id(evidence: str, kind: EventKind, regions: tuple[str, ...]) -> str:
    """The id of what this evidence (a report's version, a measurement) says about that kind in those regions."""
    return content_id("signal", evidence, kind.value, *regions)
