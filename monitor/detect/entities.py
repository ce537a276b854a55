"""From the tallies of a round to counts by entity, and what is lost outside of some of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from monitor.detect.track import Count
from monitor.domain.connectivity import Round, Tally
from monitor.domain.measurements import Access


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
