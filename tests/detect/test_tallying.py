"""Windows to rounds: a vantage whose control measurements fail does not speak in that window, and it alone."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from monitor.detect.control import Controls
from monitor.detect.quorum import Trust
from monitor.detect.tallying import Known, tallied_window
from monitor.domain.connectivity import Round, Tally
from monitor.domain.measurements import (
    Access,
    Certificate,
    Control,
    Failure,
    Link,
    Measurement,
    TcpStep,
    TlsStep,
    Vantage,
    measurement_id,
)
from monitor.domain.targets import Service, Target
from tests.detect.cast import at

HOME = Service(
    id="home", name="Home", domestic=True,
    targets=tuple(Target(id=f"home-{n}", url=f"tcp://192.0.2.{n + 1}:443", region="KZ-75") for n in range(4)),
)  # fmt: skip
WORLD = Service(
    id="world", name="World",
    targets=tuple(Target(id=f"world-{n}", url=f"tcp://198.51.100.{n + 1}:443") for n in range(6)),
)  # fmt: skip
KNOWN = Known({target.id: (service, target) for service in (HOME, WORLD) for target in service.targets})
AT_HOME = [target.id for target in HOME.targets]
ABROAD = [target.id for target in WORLD.targets]
FAILED = Control(source="vantage", measured_at=at(0), failed=True)


def outside(name: str) -> Vantage:
    return Vantage(id=name, access=Access.OUTSIDE)


def agent(name: str, operator: str = "alma") -> Vantage:
    return Vantage(id=name, operator=operator, region="KZ-75")


def seen(vantage: Vantage, targets: Sequence[str], *, lost: bool = False) -> list[Measurement]:
    """What a vantage measured in the first window: all of it well, or all of it lost."""
    found = []
    for place, name in enumerate(targets):
        service, target = KNOWN.targets[name]
        started = at(0) + timedelta(seconds=place)
        failure = Failure.TIMEOUT if lost else None
        step = TcpStep(host=target.host, address=f"{target.host}:443", family=4, took_seconds=0.04, failure=failure)
        found.append(
            Measurement(
                id=measurement_id(vantage.id, name, started), target=name, service=service.id, url=target.url,
                vantage=vantage, started_at=started, steps=(step,),
            )
        )  # fmt: skip
    return found


def controlled(found: Sequence[Measurement], *, well: bool) -> list[Measurement]:
    """The same, each with a control of its own that went well or failed."""
    good = [
        Control(source="vantage", measured_at=at(0), steps=seen(outside("c"), [one.target])[0].steps) for one in found
    ]
    return [replace(one, control=control if well else FAILED) for one, control in zip(found, good, strict=True)]


def window(*found: Measurement, trust: dict[str, Trust] | None = None) -> tuple[Round, dict[str, Trust]]:
    return tallied_window(at(0), found, KNOWN, Controls(), trust or {})


def region(found: Round) -> Tally:
    (tally,) = [one for one in found.tallies if one.region == "KZ-75"]
    return tally


def operator(found: Round, name: str) -> Tally:
    (tally,) = [one for one in found.tallies if one.operator == name and one.service is None]
    return tally


def test_who_sees_nothing_abroad_either_says_nothing_of_the_servers_at_home() -> None:
    broken = [*seen(outside("o-1"), AT_HOME, lost=True), *seen(outside("o-1"), ABROAD, lost=True)]
    found, _ = window(*broken)
    assert (region(found).asked, region(found).total, region(found).vantages) == (4, 0, 0)
    # Its own outage never mutes another.
    found, _ = window(*broken, *seen(outside("o-2"), [*AT_HOME, *ABROAD]))
    assert (region(found).up, region(found).total, region(found).vantages) == (4, 4, 1)
    found, _ = window(*broken, *seen(outside("o-2"), AT_HOME, lost=True), *seen(outside("o-2"), ABROAD))
    assert (region(found).up, region(found).total, region(found).vantages) == (0, 4, 1)


def test_half_of_what_is_abroad_is_enough_to_speak_and_less_is_not() -> None:
    home = seen(outside("o-1"), AT_HOME, lost=True)
    half = [*seen(outside("o-1"), ABROAD[:3]), *seen(outside("o-1"), ABROAD[3:], lost=True)]
    less = [*seen(outside("o-1"), ABROAD[:2]), *seen(outside("o-1"), ABROAD[2:], lost=True)]
    assert region(window(*home, *half)[0]).total == 4
    assert region(window(*home, *less)[0]).total == 0


def test_without_a_control_or_with_too_few_to_tell_a_vantage_is_not_held_to_be_failing() -> None:
    home = seen(outside("o-1"), AT_HOME, lost=True)
    assert region(window(*home)[0]).total == 4
    assert region(window(*home, *seen(outside("o-1"), ABROAD[:2], lost=True))[0]).total == 4
    # From inside: what works needs no control, and none is no failed one.
    assert operator(window(*seen(agent("a-1"), ABROAD))[0], "alma").up == 6


def test_an_agent_whose_controls_fail_is_silent_in_that_window_and_it_alone() -> None:
    lost = seen(agent("a-1"), ABROAD, lost=True)
    mostly_failed = [*controlled(lost[:2], well=True), *controlled(lost[2:], well=False)]
    found, _ = window(*mostly_failed)
    assert (operator(found, "alma").total, operator(found, "alma").asked) == (0, 6)
    half = [*controlled(lost[:3], well=True), *controlled(lost[3:], well=False)]
    assert (operator(window(*half)[0], "alma").up, operator(window(*half)[0], "alma").total) == (0, 3)
    others = [
        *controlled(seen(agent("a-2"), ABROAD, lost=True), well=True),
        *controlled(seen(agent("b-1", "beta"), ABROAD), well=True),
    ]
    found, _ = window(*mostly_failed, *others)
    assert (operator(found, "alma").up, operator(found, "alma").total, operator(found, "alma").vantages) == (0, 6, 1)
    assert (operator(found, "beta").up, operator(found, "beta").total) == (6, 6)


def test_controls_that_a_blind_vantage_lent_silence_who_was_to_be_held_against_them() -> None:
    controls = Controls()
    for one in [*seen(outside("o-1"), ABROAD[:2]), *seen(outside("o-1"), ABROAD[2:])]:
        controls.learn(replace(one, link=Link.UP if one.target in ABROAD[:2] else Link.DOWN))
    lost = [*seen(agent("a-1"), ABROAD, lost=True), *seen(agent("b-1", "beta"), ABROAD[:2], lost=True)]
    found, _ = tallied_window(at(0), lost, KNOWN, controls, {})
    assert (operator(found, "alma").total, operator(found, "alma").asked) == (0, 6)
    assert (operator(found, "beta").total, operator(found, "beta").asked) == (2, 2)


def test_what_settles_a_case_alone_is_told_whatever_the_controls_do() -> None:
    issuer = "CN=Information Security Certification Authority,O=ISCA,C=KZ"
    forged = Certificate(subject="CN=w.example", issuer=issuer, sha256="0" * 64)
    shown = TlsStep(
        host="w.example", address="198.51.100.1:443", chain=(forged,),
        failure=Failure.SSL_UNKNOWN_AUTHORITY,
    )  # fmt: skip
    lost = controlled(seen(agent("a-1"), ABROAD, lost=True), well=False)
    intercepted = replace(lost[0], steps=(*seen(agent("a-1"), ABROAD[:1])[0].steps, shown))
    found, _ = window(intercepted, *lost[1:])
    assert (operator(found, "alma").intercepted, operator(found, "alma").total) == (1, 1)


def test_a_silenced_vantage_loses_no_trust_over_votes_that_did_not_count() -> None:
    crowd = [one for name in ("a-2", "a-3", "a-4") for one in controlled(seen(agent(name), ABROAD), well=True)]
    lost = seen(agent("a-1"), ABROAD, lost=True)
    mostly_failed = [*controlled(lost[:2], well=True), *controlled(lost[2:], well=False)]
    _, trust = window(*crowd, *mostly_failed)
    assert "a-1" not in trust
    assert trust["a-2"].weight == 1.0
    _, trust = window(*crowd, *controlled(lost, well=True))
    assert trust["a-1"].weight < 1.0
