"""What a whole round of one vantage says: its own link, services made of several endpoints, white-list mode. PURE."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from monitor.domain.measurements import Coverage, Link, Measurement, State, TlsStep, Verdict

LEAST_UP = 0.5
"""Share of control hosts that must answer; Gatus and OONI ask the same question before they judge others."""
MOSTLY = 0.8
"""Share of domestic targets that must work, and of foreign ones that must not, in white-list mode."""
LEAST_TARGETS = 3


@dataclass(frozen=True, slots=True)
class ControlHosts:
    """How our own check went: hosts of one kind that answered, of how many."""

    up: int
    asked: int

    @property
    def enough(self) -> bool:
        """At least half answered, and there were any."""
        return self.asked > 0 and self.up / self.asked >= LEAST_UP


def link_state(abroad: ControlHosts, at_home: ControlHosts, portal: bool | None) -> Link:
    """How our own link is.

    Hosts abroad that fall silent together while hosts at home answer are a cut at the border, which is what we look for:
    the link is up. Only when both kinds are silent may it be our own cable.

    Args:
        abroad: fixed hosts outside the country, on different networks.
        at_home: fixed hosts inside the country.
        portal: a page that is always the same came changed; `None` if it did not come.
    """
    if portal:
        return Link.CAPTIVE_PORTAL
    if abroad.enough or at_home.enough:
        return Link.UP
    return Link.DOWN if abroad.asked + at_home.asked else Link.UNKNOWN


def service_verdict(verdicts: Mapping[str, Verdict], needs: Literal["any", "all"]) -> Verdict:
    """The verdict on a service from those on its endpoints.

    `any`: a pool works while one endpoint works, and is blocked only if all are (Telegram's data centres). `all`: one
    blocked endpoint blocks the service (Signal). What is insufficient decides only where nothing else does.
    """
    if not verdicts:
        return Verdict(
            state=State.INSUFFICIENT, mechanism=None, confidence=0.0, rule="service.empty", coverage=Coverage.NONE
        )
    order = _BEST_FIRST if needs == "any" else _WORST_FIRST
    ranked = sorted(verdicts.items(), key=lambda pair: (order.index(pair[1].state), -pair[1].confidence, pair[0]))
    name, chosen = ranked[0]
    alike = sum(verdict.state is chosen.state for verdict in verdicts.values())
    return Verdict(
        state=chosen.state,
        mechanism=chosen.mechanism,
        confidence=chosen.confidence,
        rule=f"service.{needs}",
        coverage=chosen.coverage,
        because=(f"{alike} of {len(verdicts)} endpoints are {chosen.state}, {name} first", *chosen.because),
        also=tuple(
            dict.fromkeys(other.mechanism for _, other in ranked[1:] if other.mechanism and other is not chosen)
        ),
    )


_BEST_FIRST = (State.OK, State.DEGRADED, State.INSUFFICIENT, State.BLOCKED, State.DOWN)
_WORST_FIRST = (State.BLOCKED, State.DOWN, State.DEGRADED, State.INSUFFICIENT, State.OK)


def shared_keys(measurements: Iterable[Measurement]) -> dict[str, frozenset[str]]:
    """Public keys that stand in different certificates for different names: the mark of one box in the middle.

    A CDN shows one certificate for many names, and so one key; a box forges a certificate for each name, and nearly
    always with one key for all of them (Kazakhstan 2019, censoredplanet.org/kazakhstan).

    Returns:
        By digest of the key, the names it was shown for; only keys in at least three certificates for three names.
    """
    shown: dict[str, tuple[set[str], set[str]]] = {}
    for measurement in measurements:
        for step in measurement.steps:
            if isinstance(step, TlsStep) and step.chain and step.chain[0].key_sha256:
                names, certificates = shown.setdefault(step.chain[0].key_sha256, (set(), set()))
                names.add(step.sni)
                certificates.add(step.chain[0].sha256)
    return {
        key: frozenset(names)
        for key, (names, certificates) in shown.items()
        if len(names) >= LEAST_TARGETS and len(certificates) >= LEAST_TARGETS
    }


class Mode(StrEnum):
    """What still passes."""

    OPEN = "open"
    DOMESTIC_ONLY = "domestic_only"
    DARK = "dark"
    UNKNOWN = "unknown"


def mode_of(domestic: Sequence[Verdict], foreign: Sequence[Verdict]) -> Mode:
    """Whether only sites inside the country work: a white list is no blackout, and no service's block.

    A target abroad counts as working while it answers at all; verdicts without data count for nothing.
    """
    home, away = _working(domestic), _working(foreign)
    if home is None or away is None:
        return Mode.UNKNOWN
    if home >= MOSTLY and away <= 1 - MOSTLY:
        return Mode.DOMESTIC_ONLY
    if home <= 1 - MOSTLY and away <= 1 - MOSTLY:
        return Mode.DARK
    return Mode.OPEN


def _working(verdicts: Sequence[Verdict]) -> float | None:
    known = [verdict for verdict in verdicts if verdict.state is not State.INSUFFICIENT]
    if len(known) < LEAST_TARGETS:
        return None
    return sum(verdict.state in {State.OK, State.DEGRADED} for verdict in known) / len(known)
