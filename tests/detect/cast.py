"""The cast of the detection tests: four operators in two regions, twelve targets each, and how a round of theirs looks."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.detect.network import NetworkSettings, NetworkState, advance
from monitor.domain.connectivity import Outage, Round, Tally
from monitor.domain.measurements import Access

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
OPERATORS = ("alma", "beta", "ceta", "delta")
REGIONS = ("KZ-71", "KZ-75")
SETTINGS = NetworkSettings()

Change = Callable[[Tally], Tally]


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def tally(operator: str, region: str = "KZ-75", **changes: object) -> Tally:
    usual = Tally(operator=operator, region=region, total=6, up=6, asked=6, vantages=3)
    return replace(usual, **changes)  # type: ignore[arg-type]


def quiet_round(minute: float) -> Round:
    return Round(at=at(minute), tallies=tuple(tally(operator, region) for operator in OPERATORS for region in REGIONS))


def changed(found: Round, change: Change) -> Round:
    return replace(found, tallies=tuple(change(entry) for entry in found.tallies))


def down(*names: str, up: int = 0) -> Change:
    """These operators or regions lose all targets but `up`."""
    return lambda entry: replace(entry, up=up) if entry.operator in names or entry.region in names else entry


def mobile(*names: str) -> Change:
    return lambda entry: replace(entry, access=Access.MOBILE) if entry.operator in names else entry


def rounds(first: float, last: float, *changes: Change, every: float = 2.0) -> list[Round]:
    found, minute = [], first
    while minute < last:
        one = quiet_round(minute)
        for change in changes:
            one = changed(one, change)
        found.append(one)
        minute += every
    return found


def watched(found: Iterable[Round], state: NetworkState | None = None) -> NetworkState:
    state = state or NetworkState()
    for one in found:
        state = advance(state, one, SETTINGS)
    return state


def all_outages(state: NetworkState) -> list[Outage]:
    return sorted((*state.over, *state.open.values()), key=lambda outage: outage.onset)
