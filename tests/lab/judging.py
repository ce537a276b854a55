"""What Dabyl makes of what was measured, held against what is true in the story."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from monitor.detect.verdict import judge
from monitor.domain.measurements import Control, Link, Measurement, Verdict
from tests.lab.story import Act, Expected, Operator
from tests.lab.vantage import Round
from tests.lab.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One measurement with the verdict on it."""

    minute: int
    operator: str
    target: str
    measurement: Measurement
    verdict: Verdict


def judged(world: World, minute: int, seen: dict[str, Round], control: Round) -> list[Judged]:
    """Join each measurement with the control's of the same target, and judge."""
    theirs = {one.target: one for one in control.measurements}
    found = []
    for operator, round_ in seen.items():
        for measurement in round_.measurements:
            whole = replace(measurement, control=_control(world, control.link, theirs.get(measurement.target)))
            found.append(
                Judged(
                    minute=minute,
                    operator=operator,
                    target=measurement.url,
                    measurement=whole,
                    verdict=judge(whole),
                )
            )
    return found


def _control(world: World, link: Link, measurement: Measurement | None) -> Control:
    if measurement is None or link is not Link.UP:
        return Control(source="vantage", failed=True)
    networks = {address: site.asn for site in world.sites.values() for address in site.addresses}
    return Control(source="vantage", measured_at=measurement.started_at, steps=measurement.steps, networks=networks)


def missed(act: Act, operators: Iterable[Operator], found: list[Judged]) -> list[str]:
    """Every expectation of an act that is not met, as a sentence; empty where all is right."""
    said = []
    for expected in act.expects:
        names = [expected.operator] if expected.operator else [operator.name for operator in operators]
        for name in names:
            mine = [one for one in found if one.operator == name and expected.target in {None, one.target}]
            said += [sentence for one in mine if (sentence := differs(expected, one)) is not None]
            if not mine:
                said.append(f"nothing was measured by {name}")
    return said


def differs(expected: Expected, one: Judged) -> str | None:
    """How a verdict differs from what is expected; `None` if it does not."""
    verdict = one.verdict
    where = f"minute {one.minute}, {one.operator}, {one.target}"
    if verdict.state is not expected.state:
        return f"{where}: expected {expected.state}, got {verdict.state} ({verdict.mechanism}; {verdict.rule})"
    if not names(expected, verdict.mechanism):
        return f"{where}: expected {' or '.join(expected.mechanism) or 'no mechanism'}, got {verdict.mechanism}"
    if expected.certain and verdict.confidence < 1:
        return f"{where}: expected to be certain, got {verdict.confidence}"
    if expected.link is not None and one.measurement.link is not expected.link:
        return f"{where}: expected the link {expected.link}, got {one.measurement.link}"
    return None


def names(expected: Expected, mechanism: str | None) -> bool:
    """Whether this mechanism is one of the expected, or lies below one of them."""
    if not expected.mechanism:
        return mechanism is None
    return mechanism is not None and any(
        mechanism == one or mechanism.startswith(f"{one}.") for one in expected.mechanism
    )
