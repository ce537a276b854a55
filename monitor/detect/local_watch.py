"""Local cuts as outages: which areas went quiet, which speak again, and what there is to tell of it. PURE.

Of a square inside a district, only the square is told where all who fell quiet stand in it. A cut ends when four in ten of
those inside are heard again; where too few are known any more to say anything, it is withdrawn and pages nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from monitor.detect.history import News, Told
from monitor.detect.local_cut import LEAST_QUIET, LEAST_QUIET_SHARE, LocalCut, contains, local_cut
from monitor.detect.presence import Member
from monitor.domain.areas import Area
from monitor.domain.connectivity import Outage, OutageKind, Scope

PREFIX: Final = "local:"


def local_told(
    areas: Sequence[Area], members: Sequence[Member], still_open: Mapping[str, Outage], now: datetime, *, settled: bool
) -> tuple[Told, ...]:
    """What is new in these areas; `still_open` are the cuts told of, by entity.

    A cut is told only once we are `settled`: after a pause of ours others seem quiet who are not.
    """
    told: list[Told] = []
    quiet_already: list[frozenset[str]] = []
    for area in sorted(areas, key=lambda entry: (entry.size, entry.id)):
        inside = _inside(area, members)
        quiet = frozenset(member.presence.member for member in inside if member.quiet)
        known = still_open.get(PREFIX + area.id)
        if known is not None:
            told += _gone_on(known, inside, now)
        elif settled and quiet and not any(quiet <= smaller for smaller in quiet_already):
            found = local_cut(area.name, area.corners, [member.presence for member in members], now)
            if found is not None:
                told.append(Told(news=News.BEGAN, outage=_outage(area, found, now), past=False))
        if known is not None or (told and told[-1].outage.entity == PREFIX + area.id):
            quiet_already.append(quiet)
    known_ids = {PREFIX + area.id for area in areas}
    for entity, outage in sorted(still_open.items()):
        if entity not in known_ids:
            told.append(_withdrawn(outage, now))
    return tuple(told)


def _inside(area: Area, members: Sequence[Member]) -> list[Member]:
    found = []
    for member in members:
        longitude, latitude = member.presence.longitude, member.presence.latitude
        if longitude is not None and latitude is not None and contains(area.corners, longitude, latitude):
            found.append(member)
    return found


def _gone_on(known: Outage, inside: Sequence[Member], now: datetime) -> list[Told]:
    if len(inside) < LEAST_QUIET:
        return [_withdrawn(known, now)]
    quiet = sum(member.quiet for member in inside)
    if quiet / len(inside) > 1.0 - 2.0 / 3.0 * LEAST_QUIET_SHARE:
        return []
    heard = [member.sighting.at for member in inside if not member.quiet and member.sighting.at > known.onset]
    over = replace(known, ended=max(known.onset, min(heard, default=now)))
    return [Told(news=News.ENDED, outage=over, past=False, before=known)]


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
