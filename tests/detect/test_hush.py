"""An agent that stops sending is missed after two hours; we ourselves having been away is no silence of theirs."""

from datetime import timedelta

from monitor.detect.hush import Hush, listened
from monitor.domain.kinds import EventKind
from monitor.domain.measurements import Access, Measurement, Vantage
from monitor.domain.signals import Signal
from tests.detect.cast import START


def heard(name: str, access: Access = Access.FIXED) -> Measurement:
    vantage = Vantage(id=name, region="KZ-75", access=access)
    return Measurement(id="m", target="t", service="s", url="tcp://a.test:443", vantage=vantage, started_at=START)


def play(quiet_from: float, hours: float, away: tuple[float, float] | None = None) -> list[Signal]:
    """Two agents send every six minutes; one of them stops; we look every six minutes, unless we are away."""
    hush, told = Hush(), []
    for step in range(int(hours * 10)):
        hour = step / 10
        if away and away[0] <= hour < away[1]:
            continue
        found = [heard("steady"), heard("outside", Access.OUTSIDE)]
        found += [heard("agent-of-somebody")] if hour < quiet_from else []
        hush, news = listened(hush, found, START + timedelta(hours=hour))
        told += news
    return told


def test_an_agent_that_stops_is_missed_once_after_two_hours_and_named_to_nobody() -> None:
    (silent,) = play(quiet_from=30, hours=40)
    assert (silent.kind, silent.regions, silent.at) == (
        EventKind.SYSTEM_SOURCE_SILENT, ("KZ-75",), START + timedelta(hours=30),
    )  # fmt: skip
    assert silent.observed_at == START + timedelta(hours=32)
    assert "agent-of-somebody" not in repr(silent)


def test_nobody_is_missed_while_all_send_or_because_we_were_away() -> None:
    assert play(quiet_from=100, hours=50) == []
    assert play(quiet_from=100, hours=50, away=(30, 36)) == []
