"""The detention ledger: what was said of one city and day, reconciled into one interval. PURE.

The model is the lists of detained per police station that OVD-Info keeps. Numbers grow during a day, so of each witness
only the latest word counts; witnesses are independent (copies and sources of one owner are one). The official figure
stands apart and never moves the interval. Figures of different witnesses are never added: they speak of the same people.

Lower end: the number that a second independent witness reaches, or the only witness's where there is one. Upper end: the
highest number that anybody named as exact or as a limit, unless somebody says "more than" beyond it: then it is open. Where
anybody tells of more, a report of one person says who, not how many, and moves neither end.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from monitor.domain.kinds import EventKind
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.signals import Interval, Signal
from monitor.read.stations import Station, stations

DETENTIONS: Final = frozenset({EventKind.POLICE_DETENTION, EventKind.POLICE_PREVENTIVE})
OUTCOMES: Final = frozenset({EventKind.CUSTODY_RELEASE, EventKind.PROSECUTION_ADMINISTRATIVE})
KINDS: Final = (*sorted(DETENTIONS), *sorted(OUTCOMES))
_ONE: Final = (1, 1)
LINKED_FOR: Final = timedelta(days=20)
"""How long after a detention a release or a sentence there is taken to follow from it: administrative arrest ends within."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detentions:
    """Detentions of one city (or region, or the country) and one local day.

    Attributes:
        place: city; `None` for a region's own or an unknown city.
        detained: reconciled interval; `None` where nobody named a number.
        official: interval of the official figures; `None` where there is none.
        denied: an official denied it.
        witnesses: distinct independent witnesses that are not official.
        stations: police stations named then or later, each with the widest number said of it.
        released, sentenced: how many people later reports name, `None` where they name no number.
        releases, sentences: how many independent witnesses reported them.
        days: days of arrest named in sentences.
        reports: ids of all reports it rests on, oldest first.
    """

    day: date
    region: str
    place: str | None
    detained: Interval | None
    official: Interval | None
    denied: bool
    witnesses: int
    sources: tuple[str, ...]
    stations: tuple[Station, ...]
    released: Interval | None
    releases: int
    sentenced: Interval | None
    sentences: int
    days: Interval | None
    first_at: datetime
    last_at: datetime
    reports: tuple[str, ...]
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger needs to know of the world.

    Attributes:
        official: ids of sources that speak for the state.
        cities: names of cities as they stand in `Signal.places`.
        zones: time zone by region; UTC where it is not given.
        texts: text by report id, as far as it is still kept; police stations are read from it.
    """

    official: Collection[str] = ()
    cities: Collection[str] = ()
    zones: Mapping[str, tzinfo] | None = None
    texts: Mapping[str, str] | None = None

    def day(self, region: str, at: datetime) -> date:
        """The local day of a moment."""
        return at.astimezone((self.zones or {}).get(region, UTC)).date()

    def city(self, signal: Signal) -> str | None:
        """The first city that a signal names."""
        return next((place for place in signal.places if place in self.cities), None)


Key = tuple[date, str, str | None]


def ledger(signals: Iterable[Signal], known: Known) -> list[Detentions]:
    """The entries, newest day first, then by region and city.

    Args:
        signals: of `KINDS`, in any order; those told as past are left out.
        known: official sources, cities, zones and texts.
    """
    present = [signal for signal in _latest(signals) if not signal.past]
    groups = _grouped([signal for signal in present if signal.kind in DETENTIONS], known)
    outcomes = _linked([signal for signal in present if signal.kind in OUTCOMES], groups, known)
    entries = [_entry(key, group, outcomes.get(key, []), known) for key, group in groups.items()]
    return sorted(entries, key=lambda entry: (-entry.day.toordinal(), entry.region, entry.place or ""))


def _latest(signals: Iterable[Signal]) -> list[Signal]:
    """Of the wordings of one report, what the last one says; oldest first."""
    newest: dict[tuple[str, EventKind, tuple[str, ...]], Signal] = {}
    for signal in sorted(signals, key=lambda signal: (signal.observed_at, signal.id)):
        newest[signal.report or signal.id, signal.kind, signal.regions] = signal
    return sorted(newest.values(), key=lambda signal: (signal.at, signal.id))


def _grouped(signals: Sequence[Signal], known: Known) -> dict[Key, list[Signal]]:
    """Signals by day, region and city; a region's unplaced reports join its only city of that day."""
    groups: defaultdict[Key, list[Signal]] = defaultdict(list)
    for signal in signals:
        for region in signal.regions or (WHOLE_COUNTRY,):
            groups[known.day(region, signal.at), region, known.city(signal)].append(signal)
    for key in [key for key in groups if key[2] is None]:
        cities = [other for other in groups if other[:2] == key[:2] and other[2] is not None]
        if len(cities) == 1:
            groups[cities[0]] += groups.pop(key)
    return dict(groups)


def _linked(signals: Sequence[Signal], groups: Mapping[Key, object], known: Known) -> dict[Key, list[Signal]]:
    """Releases and sentences by the latest detention they can follow from: same city first, else same region."""
    linked: defaultdict[Key, list[Signal]] = defaultdict(list)
    for signal in signals:
        for region in signal.regions:
            day, city = known.day(region, signal.at), known.city(signal)
            near = [key for key in groups if key[1] == region and timedelta(0) <= day - key[0] <= LINKED_FOR]
            same = [key for key in near if key[2] == city] or ([] if city else near)
            if same:
                linked[max(same, key=lambda key: (key[0], key[2] or ""))].append(signal)
    return dict(linked)


def _entry(key: Key, group: Sequence[Signal], outcomes: Sequence[Signal], known: Known) -> Detentions:
    day, region, place = key
    claims = [signal for signal in group if signal.stands and signal.source not in known.official]
    official = [signal for signal in group if signal.stands and signal.source in known.official]
    releases = [signal for signal in outcomes if signal.kind is EventKind.CUSTODY_RELEASE and signal.stands]
    sentences = [signal for signal in outcomes if signal.kind is EventKind.PROSECUTION_ADMINISTRATIVE and signal.stands]
    whole = sorted([*group, *outcomes], key=lambda signal: (signal.at, signal.id))
    return Detentions(
        day=day, region=region, place=place,
        detained=reconciled(_claimed(claims, region, known)),
        official=_hull(_said(official, "detained", region).values()),
        denied=any(signal.denied for signal in group),
        witnesses=len({signal.witness for signal in claims}),
        sources=tuple(dict.fromkeys(signal.source for signal in whole)),
        stations=_stations(whole, known),
        released=_hull([*_said(releases, "released", region).values(), *_said(releases, "detained", region).values()]),
        releases=len({signal.witness for signal in releases}),
        sentenced=_hull(_said(sentences, "detained", region).values()),
        sentences=len({signal.witness for signal in sentences}),
        days=_hull(_said(sentences, "days", region).values()),
        first_at=min(signal.at for signal in group), last_at=max(signal.at for signal in whole),
        reports=tuple(dict.fromkeys(signal.report for signal in whole if signal.report)),
        links=tuple(dict.fromkeys(signal.link for signal in whole if signal.link)),
    )  # fmt: skip


def _said(signals: Sequence[Signal], role: str, region: str) -> dict[str, Interval]:
    """The latest number of each witness; a number told of several regions together says nothing of one of them.

    That one more person was detained says who, and takes nothing back of how many.
    """
    said: dict[str, Interval] = {}
    for signal in signals:
        if role not in signal.counts or not set(signal.regions) <= {region}:
            continue
        if signal.counts[role] != _ONE or signal.witness not in said:
            said[signal.witness] = signal.counts[role]
    return said


def _claimed(claims: Sequence[Signal], region: str, known: Known) -> dict[str, Interval]:
    """What each witness says: its latest number, or the sum over the stations it lists where that is more."""
    said = _said(claims, "detained", region)
    for signal in claims:
        listed = [station.detained for station in _named(signal, known) if station.detained is not None]
        if len(listed) > 1 and signal.report is not None:
            low = sum(interval[0] for interval in listed)
            told = said.get(signal.witness)
            if told is None or low > told[0]:
                said[signal.witness] = (low, _summed([interval[1] for interval in listed]))
    return said


def _summed(highs: Sequence[int | None]) -> int | None:
    closed = [high for high in highs if high is not None]
    return sum(closed) if len(closed) == len(highs) else None


def reconciled(said: Mapping[str, Interval]) -> Interval | None:
    """One interval from the intervals of independent witnesses; see the module's rules. `None` if nobody spoke."""
    if not said:
        return None
    counting = [interval for interval in said.values() if interval != _ONE] or [_ONE]
    lows = sorted((low for low, _ in counting), reverse=True)
    low = lows[1] if len(lows) > 1 else lows[0]
    open_low = max((least for least, high in said.values() if high is None), default=-1)
    closed = [high for _, high in said.values() if high is not None]
    if not closed or open_low > max(closed):
        return low, None
    return min(low, max(closed)), max(closed)


def _hull(intervals: Iterable[Interval]) -> Interval | None:
    """The widest interval; `None` of none."""
    found = list(intervals)
    if not found:
        return None
    highs = [high for _, high in found]
    closed = [high for high in highs if high is not None]
    return min(low for low, _ in found), (max(closed) if len(closed) == len(highs) else None)


def _named(signal: Signal, known: Known) -> list[Station]:
    text = (known.texts or {}).get(signal.report or "")
    return stations(text) if text else []


def _stations(signals: Sequence[Signal], known: Known) -> tuple[Station, ...]:
    """Every station that was named, once, with the widest number said of it."""
    found: dict[str, list[Station]] = {}
    for signal in signals:
        for station in _named(signal, known):
            found.setdefault(station.key, []).append(station)
    return tuple(
        Station(named[0].name, key, _hull(station.detained for station in named if station.detained is not None))
        for key, named in sorted(found.items())
    )
