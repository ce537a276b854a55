"""A round as people ask about it: what is the matter with each target, with each service, and with this vantage as a whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from collectors.probes.rounds import Round
from monitor.detect.control import Controls
from monitor.detect.verdict import judge
from monitor.detect.verdict_round import Mode, mode_of, service_verdict, shared_keys
from monitor.domain.measurements import Link, Measurement, Verdict
from monitor.domain.targets import Service


@dataclass(frozen=True, slots=True)
class JudgedRound:
    """A round with its verdicts.

    Attributes:
        targets: each measurement with its control, and the verdict on it.
        services: by service id.
        mode: whether everything, only what is at home, or nothing passes.
        shared_keys: keys of a box in the middle, and the names they were shown for.
    """

    link: Link
    targets: tuple[tuple[Measurement, Verdict], ...]
    services: Mapping[str, Verdict]
    mode: Mode
    shared_keys: Mapping[str, frozenset[str]]


def judge_round(found: Round, services: Iterable[Service], controls: Controls) -> JudgedRound:
    """Judge all that was measured in a round; measurements from outside are learnt as controls first."""
    for measurement in found.measurements:
        controls.learn(measurement)
    controlled = [controls.controlled(measurement) for measurement in found.measurements]
    targets = tuple((measurement, judge(measurement)) for measurement in controlled)
    by_target = {measurement.target: verdict for measurement, verdict in targets}
    judged: dict[str, Verdict] = {}
    at_home: list[Verdict] = []
    abroad: list[Verdict] = []
    for service in services:
        parts = {target.id: by_target[target.id] for target in service.targets if target.id in by_target}
        if parts:
            judged[service.id] = service_verdict(parts, service.needs)
            (at_home if service.domestic else abroad).append(judged[service.id])
    keys = shared_keys(found.measurements)
    return JudgedRound(found.link, targets, judged, mode_of(at_home, abroad), keys)
