"""How far a disturbance reaches: one operator, a region, several, the country, and what kind it is.

The country is cut when operators fall *together*: two at least that began within twenty minutes of one another and carry a
third of the weight, or three at least that carry six tenths, whenever each began. One operator's incident is never the
country's, however large the operator. Before that, losses that lie in some regions only are theirs, and a region whose
loss is one operator's is not cut.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.detect.entities import inside_of_operators, of_operator, operator_of, outside, within
from monitor.detect.filter import MINUTE
from monitor.detect.track import Track, loss_lately
from monitor.domain.connectivity import OutageKind, Round, Scope
from monitor.domain.measurements import Access

TOGETHER_SECONDS: Final = 20 * MINUTE
TOGETHER_WEIGHT: Final = 1 / 3
MANY_OPERATORS: Final = 3
MANY_WEIGHT: Final = 0.6
EXPLAINED_LOSS: Final = 0.15
"""Less than this share lost outside of what is disturbed: the rest is well."""
REGION_LOSS: Final = 0.6
"""A region that is cut loses this much at least; a third lost everywhere looks like some regions by chance."""
TOLD_LOSS: Final = 0.2
"""What loses less than this is a minor matter: it is followed, not told (interception excepted)."""
UP_SHARE: Final = 0.7
DOWN_SHARE: Final = 0.3
LEAST_DOMESTIC: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A disturbance and what it covers.

    Attributes:
        entity: `national`, `regions`, or the entity itself.
        onset: Unix seconds, dated back.
        tracks: what is disturbed, worst evidence first.
    """

    entity: str
    scope: Scope
    kind: OutageKind
    onset: float
    tracks: tuple[Track, ...]


def reaches(
    tracks: Mapping[str, Track],
    rounds: Sequence[Round],
    weights: Mapping[str, float],
    at: float,
    told: Collection[str] = (),
) -> list[Reach]:
    """What is disturbed now, each with its reach; what a wider one explains is not told again.

    `told` are the entities told of already: they stay until they are over; a new one must be of some weight.
    """
    found = _all(tracks, rounds, weights, at, told)
    return [
        reach
        for reach in found
        if reach.entity in told or reach.kind is OutageKind.MITM or loss_of(reach.tracks) >= TOLD_LOSS
    ]


def loss_of(tracks: Sequence[Track]) -> float:
    """Mean share lost of late over tracks, weighed by their targets."""
    losses = [(loss_lately(track)[0], track.lately[-1].total) for track in tracks if track.lately]
    total = sum(count for _, count in losses)
    return sum(loss * count for loss, count in losses) / total if total else 0.0


def _all(
    tracks: Mapping[str, Track], rounds: Sequence[Round], weights: Mapping[str, float], at: float, told: Collection[str]
) -> list[Reach]:
    alarmed = [track for track in tracks.values() if track.alarmed]
    if not alarmed:
        return []
    operators = [track for track in alarmed if track.entity.startswith("operator:")]
    regions = [track for track in alarmed if track.entity.startswith("region:")]
    known = [track for track in tracks.values() if track.entity.startswith("operator:") and track.sufficient(at)]
    found = [_alone(track) for track in alarmed if track.entity.startswith(("service:", "slow:", "mitm:"))]
    cut = _cut_regions(regions, rounds)
    heavy = [track for track in operators if track.entity in told or _own_loss(track, rounds, cut) >= TOLD_LOSS]
    group = together(operators if "national" in told else heavy, known, weights)
    if group and not _mobile_only(group, known):
        found.append(_national(group, operators, rounds))
        return _without_covered(found, told)
    mobile = bool(heavy) and _mobile_only(heavy, known)
    found += [_operator(track, rounds, mobile=mobile) for track in heavy]
    regions = [track for track in regions if track.entity in told or _of_its_own(track, heavy, rounds)]
    standing = any(track.entity in told for track in regions) or "regions" in told
    if regions and (standing or _theirs_alone(regions, heavy, rounds, _usual(known))):
        found += _regional(regions)
    return _without_covered(found, told)


def _cut_regions(regions: Sequence[Track], rounds: Sequence[Round]) -> frozenset[str]:
    """Regions that have lost most of what they have, while they are the lesser part of the country.

    A third lost everywhere looks like some regions by chance; a region that is truly cut loses more.
    """
    cut = [track for track in regions if loss_lately(track)[0] >= REGION_LOSS]
    codes = frozenset(track.entity.partition(":")[2] for track in cut)
    _, inside = within(rounds, codes)
    _, elsewhere = outside(rounds, regions=codes)
    return codes if inside <= elsewhere else frozenset()


def _own_loss(track: Track, rounds: Sequence[Round], cut: frozenset[str]) -> float:
    """Share that an operator has lost outside of the regions that are cut: what is its own, and not theirs."""
    up, total = of_operator(rounds, track.entity, cut)
    return 1.0 - up / total / max(track.baseline.usual, 0.05) if total else 0.0


def _of_its_own(region: Track, heavy: Sequence[Track], rounds: Sequence[Round]) -> bool:
    """Whether a region has lost something apart from what operators with an incident of their own lost in it."""
    if not heavy:
        return True
    operators = frozenset(track.entity for track in heavy)
    up, total = within(rounds, frozenset({region.entity.partition(":")[2]}), operators)
    return total > 0 and 1.0 - up / total / max(region.baseline.usual, 0.05) >= TOLD_LOSS


def together(operators: Sequence[Track], known: Sequence[Track], weights: Mapping[str, float]) -> list[Track]:
    """The operators whose disturbances make one of the country; empty where they do not."""
    every = sum(_weight(track, weights) for track in {track.entity: track for track in (*known, *operators)}.values())
    ordered = sorted(operators, key=_onset)
    best = max(_groups(ordered, weights, every), key=_breadth, default=[])
    if best:
        return best
    for count in range(MANY_OPERATORS, len(ordered) + 1):
        if _names(ordered[:count]) >= MANY_OPERATORS and _share(ordered[:count], weights, every) >= MANY_WEIGHT:
            return ordered[count - 1 :]
    return []


def _groups(ordered: Sequence[Track], weights: Mapping[str, float], every: float) -> Iterator[list[Track]]:
    """Operators that fell within twenty minutes of one another and are two at least, with weight enough."""
    for first in ordered:
        group = [track for track in ordered if 0 <= _onset(track) - _onset(first) <= TOGETHER_SECONDS]
        if _names(group) >= 2 and _share(group, weights, every) >= TOGETHER_WEIGHT:
            yield group


def _breadth(group: Sequence[Track]) -> tuple[bool, int]:
    """A group with fixed networks in it dates a national cut better than the mobile ones that fell the day before."""
    return any(track.access is Access.FIXED for track in group), len(group)


def _share(group: Sequence[Track], weights: Mapping[str, float], every: float) -> float:
    return sum(_weight(track, weights) for track in group) / every if every > 0 else 0.0


def _names(group: Sequence[Track]) -> int:
    return len({operator_of(track.entity) for track in group})


def _weight(track: Track, weights: Mapping[str, float]) -> float:
    """Share of the country's users, where it is known; else the number of its targets."""
    if weights:
        return weights.get(operator_of(track.entity), 0.0)
    return float(max((count.total for count in track.lately), default=0))


def _onset(track: Track) -> float:
    return track.belief.since or track.alarmed_at or 0.0


def _usual(known: Sequence[Track]) -> float:
    """The usual share over all operators that we see."""
    total = sum(track.lately[-1].total for track in known if track.lately)
    return (
        sum(track.baseline.usual * track.lately[-1].total for track in known if track.lately) / total if total else 1.0
    )


def _theirs_alone(regions: Sequence[Track], operators: Sequence[Track], rounds: Sequence[Round], usual: float) -> bool:
    """All is well outside of these regions (and of the operators that have an incident of their own)."""
    up, total = outside(
        rounds,
        operators=frozenset(track.entity for track in operators),
        regions=frozenset(track.entity.partition(":")[2] for track in regions),
    )
    return total > 0 and 1.0 - up / total / max(usual, 0.05) < EXPLAINED_LOSS


def _mobile_only(group: Sequence[Track], known: Sequence[Track]) -> bool:
    """Mobile networks alone are disturbed, while fixed ones are seen and well."""
    fixed_well = any(track.access is Access.FIXED and not track.alarmed for track in known)
    return fixed_well and all(track.access is Access.MOBILE for track in group)


def _alone(track: Track) -> Reach:
    prefix = track.entity.partition(":")[0]
    kinds = {"slow": OutageKind.THROTTLING, "mitm": OutageKind.MITM, "service": OutageKind.SERVICE_BLOCK}
    scope = Scope.SERVICE if prefix == "service" else Scope.OPERATOR
    return Reach(entity=track.entity, scope=scope, kind=kinds[prefix], onset=_onset(track), tracks=(track,))


def _operator(track: Track, rounds: Sequence[Round], *, mobile: bool) -> Reach:
    kind = OutageKind.MOBILE_ONLY if mobile else OutageKind.OPERATOR
    if _white_list([track], rounds):
        kind = OutageKind.WHITE_LIST
    return Reach(entity=track.entity, scope=Scope.OPERATOR, kind=kind, onset=_onset(track), tracks=(track,))


def _regional(regions: Sequence[Track]) -> list[Reach]:
    if len(regions) == 1:
        track = regions[0]
        return [
            Reach(entity=track.entity, scope=Scope.REGION, kind=OutageKind.FULL, onset=_onset(track), tracks=(track,))
        ]
    onset = min(_onset(track) for track in regions)
    tracks = tuple(sorted(regions, key=_onset))
    return [Reach(entity="regions", scope=Scope.SEVERAL_REGIONS, kind=OutageKind.FULL, onset=onset, tracks=tracks)]


def _national(group: Sequence[Track], operators: Sequence[Track], rounds: Sequence[Round]) -> Reach:
    kind = OutageKind.WHITE_LIST if _white_list(operators, rounds) else OutageKind.FULL
    others = [track for track in operators if track not in group]
    onset = min(_onset(track) for track in group)
    return Reach(entity="national", scope=Scope.NATIONAL, kind=kind, onset=onset, tracks=(*group, *others))


def _white_list(operators: Sequence[Track], rounds: Sequence[Round]) -> bool:
    """The country inside works, the world outside does not."""
    counted = inside_of_operators(rounds, frozenset(track.entity for track in operators))
    domestic_up, domestic, foreign_up, foreign = counted
    if domestic < LEAST_DOMESTIC or foreign < LEAST_DOMESTIC:
        return False
    return domestic_up / domestic >= UP_SHARE and foreign_up / foreign <= DOWN_SHARE


def _without_covered(found: list[Reach], told: Collection[str]) -> list[Reach]:
    """What is down is not slow, and none of its services is blocked: neither is told beside a cut that covers it.

    A service that was blocked before the cut stays told of: it may still be blocked when the cut is over.
    """
    cut = {
        operator_of(track.entity)
        for reach in found
        if reach.kind not in {OutageKind.THROTTLING, OutageKind.MITM} and reach.scope is not Scope.SERVICE
        for track in reach.tracks
    }
    return [reach for reach in found if operator_of(reach.entity) not in cut or not _covered(reach, told)]


def _covered(reach: Reach, told: Collection[str]) -> bool:
    return reach.kind is OutageKind.THROTTLING or (reach.scope is Scope.SERVICE and reach.entity not in told)
