"""Local cuts as outages: which areas went quiet, which speak again, and what there is to tell of it. PURE.

Of a square inside a district, only the square is told where all who fell quiet stand in it. A cut ends when four in ten of
those inside are heard again; where too few are known any more to say anything, it is withdrawn and pages nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from monitor.detect.history import News, Told
from monitor.detect.local_cut import LEAST_QUIET, LocalCut, contains, local_cut
from monitor.detect.presence import Member
from monitor.domain.areas import Area
from monitor.domain.connectivity import Outage, OutageKind, Scope

PREFIX: Final = "local:"
MOST_QUIET_AFTER: Final = 0.6
"""A cut lasts while more than this share of those inside is quiet."""


def local_told(
    areas: Sequence[Area], members: Sequence[Member], still_open: Mapping[str, Outage], now: datetime, *, settled: bool
) -> tuple[tuple[Told, ...], Mapping[str, Outage]]:
    """What is new in these areas, and the cuts that last as they are now; `still_open` are those told of, by entity.

    A cut is told only once we are `settled`: after a pause of ours others seem quiet who are not.
    """
    told: list[Told] = []
    lasting: dict[str, Outage] = {}
    quiet_already: list[frozenset[str]] = []
    for area in sorted(areas, key=lambda entry: (entry.size, entry.id)):
        inside = _inside(area, members)
        quiet = frozenset(member.presence.member for member in inside if member.quiet)
        known = still_open.get(PREFIX + area.id)
        if known is not None:
            news = _gone_on(known, inside, now)
            told += [news] if news.news is not News.CHANGED or news.outage.degree is not known.degree else []
            lasting |= {known.entity: news.outage} if news.outage.ended is None else {}
            quiet_already.append(quiet)
        elif settled and quiet and not any(quiet <= smaller for smaller in quiet_already):
            found = local_cut(area.name, area.corners, [member.presence for member in members], now)
            if found is not None:
                told.append(Told(news=News.BEGAN, outage=_outage(area, found, now), past=False))
                quiet_already.append(quiet)
    ours = {PREFIX + area.id for area in areas}
    told += [_withdrawn(outage, now) for entity, outage in sorted(still_open.items()) if entity not in ours]
    return tuple(told), lasting


def _inside(area: Area, members: Sequence[Member]) -> list[Member]:
    found = []
    for member in members:
        longitude, latitude = member.presence.longitude, member.presence.latitude
        if longitude is not None and latitude is not None and contains(area.corners, longitude, latitude):
            found.append(member)
    return found


def _gone_on(known: Outage, inside: Sequence[Member], now: datetime) -> Told:
    """What has become of a cut; while it lasts, its counts are those of its worst."""
    if len(inside) < LEAST_QUIET:
        return _withdrawn(known, now)
    quiet = sum(member.quiet for member in inside)
    if quiet / len(inside) > MOST_QUIET_AFTER:
        worse = round(quiet / len(inside), 4)
        if worse <= known.loss_ratio:
            return Told(news=News.CHANGED, outage=known, past=False, before=known)
        grown = replace(known, loss_ratio=worse, up=len(inside) - quiet, total=len(inside), vantages=len(inside))
        return Told(news=News.CHANGED, outage=grown, past=False, before=known)
    heard = [member.sighting.at for member in inside if not member.quiet and member.sighting.at > known.onset]
    over = replace(known, ended=max(known.onset, min(heard, default=now)))
    return Told(news=News.ENDED, outage=over, past=False, before=known)


def _withdrawn(known: Outage, now: datetime) -> Told:
    return Told(news=News.WITHDRAWN, outage=replace(known, ended=now), past=True, before=known)


def _outage(area: Area, found: LocalCut, now: datetime) -> Outage:
    entity = PREFIX + area.id
    return Outage(
        entity=entity,
        scope=Scope.LOCAL,
        kind=OutageKind.FULL,
        onset=found.onset_latest,
        onset_earliest=found.onset_earliest,
        onset_latest=found.onset_latest,
        detected_at=now,
        loss_ratio=round(found.quiet / found.inside, 4),
        up=found.inside - found.quiet,
        total=found.inside,
        vantages=found.inside,
        probability=round(1.0 - found.chance, 4),
        entities=(entity,),
        regions=(area.region,),
        details={"place": area.name, "others": str(found.others), "others_quiet": str(found.others_quiet)},
    )
