"""From the tallies of a round to counts by entity, and what is lost outside of some of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from monitor.detect.track import Count
from monitor.domain.connectivity import Round, Tally
from monitor.domain.measurements import Access

LEAST_IN_REGION: Final = 9
"""Targets of the last rounds together that must be known of a region."""
REGION_LOST: Final = 0.4
REGION_WELL: Final = 0.15


@dataclass(slots=True)
class _Sum:
    up: int = 0
    total: int = 0
    asked: int = 0
    vantages: int = 0
    witness: str | None = None

    def add(self, up: int, tally: Tally) -> None:
        self.up += up
        self.total += tally.total
        self.asked += max(tally.asked, tally.total)
        self.vantages = max(self.vantages, tally.vantages)
        self.witness = self.witness or tally.witness


@cache
def operator_entity(operator: str, access: Access) -> str:
    """The entity of an operator; its mobile network is one of its own."""
    return f"operator:{operator}/mobile" if access is Access.MOBILE else f"operator:{operator}"


def operator_of(entity: str) -> str:
    """The operator's name in an entity, without what network of its it is."""
    return entity.partition(":")[2].removesuffix("/mobile").rpartition("@")[2]


def counts(found: Round) -> dict[str, tuple[Count, Access]]:
    """Counts of this round by entity."""
    sums: dict[str, tuple[_Sum, Access]] = {}
    for tally in found.tallies:
        for entity, up in _entities(tally):
            place = sums.get(entity)
            if place is None:
                place = sums[entity] = (_Sum(), tally.access)
            place[0].add(up, tally)
    return {entity: (_count(total), access) for entity, (total, access) in sums.items()}


def _count(found: _Sum) -> Count:
    return Count(up=found.up, total=found.total, asked=found.asked, vantages=found.vantages, witness=found.witness)


def _entities(tally: Tally) -> Iterator[tuple[str, int]]:
    """The entities that a tally counts for, each with how many of its targets were well there."""
    operator = operator_entity(tally.operator, tally.access) if tally.operator else None
    if tally.service is not None:
        yield f"service:{tally.service}@{tally.operator or '*'}", tally.up
        return
    if operator:
        yield operator, tally.up
        yield f"slow:{operator[9:]}", tally.total - tally.slow
        yield f"mitm:{operator[9:]}", tally.total - tally.intercepted
    if tally.region:
        yield f"region:{tally.region}", tally.up


@dataclass(frozen=True, slots=True)
class Seen:
    """How an entity looks from outside and from inside the country: targets up and in all."""

    outside: tuple[int, int] = (0, 0)
    inside: tuple[int, int] = (0, 0)


def seen_of(rounds: Iterable[Round], entity: str) -> Seen:
    """What was seen of this entity from either side; a view that no tally tells apart is one from outside."""
    outside_up = outside_total = inside_up = inside_total = 0
    for found in rounds:
        for tally in found.tallies:
            for name, up in _entities(tally):
                if name != entity:
                    continue
                # Of slow and intercepted targets no tally says from which side; those of a side are as many as it asked.
                well = tally.inside_up if up == tally.up else round(up * tally.inside_total / max(1, tally.total))
                inside_up, inside_total = inside_up + well, inside_total + tally.inside_total
                outside_up, outside_total = outside_up + up - well, outside_total + tally.total - tally.inside_total
    return Seen((outside_up, outside_total), (inside_up, inside_total))


@dataclass(frozen=True, slots=True)
class Spread:
    """The regions in which an operator is known, in which it has lost what it has, and in which it is well."""

    known: frozenset[str]
    lost: frozenset[str]
    well: frozenset[str]


def spread_of(rounds: Iterable[Round], entity: str) -> Spread:
    """How an operator's loss is spread over regions."""
    sums: dict[str, tuple[int, int]] = {}
    for found in rounds:
        for tally in found.tallies:
            operator = operator_entity(tally.operator, tally.access) if tally.operator else None
            if tally.service is None and tally.region and operator == entity:
                up, total = sums.get(tally.region, (0, 0))
                sums[tally.region] = (up + tally.up, total + tally.total)
    losses = {region: 1.0 - up / total for region, (up, total) in sums.items() if total >= LEAST_IN_REGION}
    return Spread(
        known=frozenset(losses),
        lost=frozenset(region for region, loss in losses.items() if loss >= REGION_LOST),
        well=frozenset(region for region, loss in losses.items() if loss <= REGION_WELL),
    )


def outside(
    rounds: Iterable[Round], *, operators: frozenset[str] = frozenset(), regions: frozenset[str] = frozenset()
) -> tuple[int, int]:
    """Targets up and in all that belong to none of these operator entities and none of these regions."""
    up = total = 0
    for found in rounds:
        for tally in found.tallies:
            known = tally.operator is not None and operator_entity(tally.operator, tally.access) in operators
            if tally.service is None and not known and tally.region not in regions:
                up += tally.up
                total += tally.total
    return up, total


def inside_of_operators(rounds: Iterable[Round], operators: frozenset[str]) -> tuple[int, int, int, int]:
    """Domestic targets up and in all, foreign targets up and in all, of these operator entities."""
    domestic_up = domestic = up = total = 0
    for found in rounds:
        for tally in found.tallies:
            if tally.service is None and tally.operator and operator_entity(tally.operator, tally.access) in operators:
                domestic_up += tally.domestic_up
                domestic += tally.domestic_total
                up += tally.up - tally.domestic_up
                total += tally.total - tally.domestic_total
    return domestic_up, domestic, up, total


def within(rounds: Iterable[Round], regions: frozenset[str], without: frozenset[str] = frozenset()) -> tuple[int, int]:
    """Targets up and in all of these regions, of other operator entities than these."""
    mine = [
        tally
        for found in rounds
        for tally in found.tallies
        if tally.service is None
        and tally.region in regions
        and not (tally.operator is not None and operator_entity(tally.operator, tally.access) in without)
    ]
    return sum(tally.up for tally in mine), sum(tally.total for tally in mine)


def of_operator(rounds: Iterable[Round], entity: str, without: frozenset[str]) -> tuple[int, int]:
    """Targets up and in all of this operator entity, in other regions than these."""
    mine = [
        tally
        for found in rounds
        for tally in found.tallies
        if tally.service is None
        and tally.region not in without
        and tally.operator is not None
        and operator_entity(tally.operator, tally.access) == entity
    ]
    return sum(tally.up for tally in mine), sum(tally.total for tally in mine)
