"""What Dabyl makes of what was measured, held against what is true in the story."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from collectors.probes.rounds import Round
from monitor.detect.control import Controls
from monitor.detect.verdict import judge
from monitor.detect.verdict_speed import samples_of, throttling
from monitor.domain.measurements import Measurement, Verdict
from tests.lab.one_family import judge_family
from tests.lab.story import Act, Expected, Operator, Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One measurement with the verdict on it."""

    minute: int
    operator: str
    target: str
    measurement: Measurement
    verdict: Verdict


class Judging:
    """Joins measurements with the control's and judges them; remembers them for the speed of later ones."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._controls = Controls()
        self._history: dict[tuple[str, str], list[Measurement]] = {}

    def judged(self, minute: int, seen: Mapping[str, Round], control: Round) -> list[Judged]:
        """Verdicts on what the vantages inside saw in one round."""
        for measurement in control.measurements:
            self._controls.learn(measurement)
        found = [
            self._one(minute, operator, self._controls.controlled(measurement))
            for operator, round_ in seen.items()
            for measurement in round_.measurements
        ]
        return found if self._story.samples == 1 else self._by_speed(found)

    def _one(self, minute: int, operator: str, measurement: Measurement) -> Judged:
        verdict = judge(measurement)
        return Judged(
            minute=minute, operator=operator, target=measurement.url, measurement=measurement, verdict=verdict
        )

    def _by_speed(self, found: list[Judged]) -> list[Judged]:
        """One verdict a target from all samples of it: on its speed, where that speaks."""
        now: dict[tuple[str, str], list[Judged]] = {}
        for one in found:
            now.setdefault((one.operator, one.target), []).append(one)
        told = []
        for (operator, target), samples in now.items():
            sibling = (operator, self._story.siblings.get(target, ""))
            slow = throttling(
                samples_of(one.measurement for one in samples),
                samples_of(self._history.get((operator, target), ())),
                samples_of(one.measurement for one in now[sibling]) if sibling in now else None,
                samples_of(self._history.get(sibling, ())) if sibling in now else None,
            )
            told.append(replace(samples[0], verdict=slow or samples[0].verdict))
        for key, samples in now.items():
            self._history.setdefault(key, []).extend(one.measurement for one in samples)
        return told


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
    verdict = one.verdict if expected.family is None else judge_family(one.measurement, expected.family)
    where = f"minute {one.minute}, {one.operator}, {one.target}" + (
        f" by IPv{expected.family}" if expected.family else ""
    )
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
