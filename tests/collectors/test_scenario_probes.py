"""What probes see, told in lines: rounds from a seed, the same every time, between one change and the next."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.scenario import Expectation, Scenario, rounds_of
from monitor.domain.connectivity import Round
from monitor.domain.measurements import Access

NETWORK = {"operators": ["Kcell"], "regions": ["KZ-75"], "access": "mobile"}


def scenario(*lines: dict[str, Any], **more: Any) -> Scenario:
    said = [
        {"at": f"2022-01-04T{hour:02}:00:00Z", "probes": {**NETWORK, **probes}} for hour, probes in enumerate(lines)
    ]
    end = {"at": f"2022-01-04T{len(lines):02}:00:00Z", "source": "a", "text": "the end"}
    source = {"id": "a", "kind": "feeds", "name": "A", "owner": "a"}
    return Scenario.model_validate({"id": "s", "title": "S", "sources": [source], "lines": [*said, end], **more})


def ups(found: list[Round]) -> list[int]:
    return [one.tallies[0].up for one in found]


def test_a_line_holds_until_the_next_one_of_the_same_network() -> None:
    found = list(rounds_of(scenario({"up": 1}, {"up": 0})))
    assert len(found) == 61
    assert {one.tallies[0].access for one in found} == {Access.MOBILE}
    assert set(ups(found[:30])) <= {11, 12}
    assert set(ups(found[30:])) <= {0, 1}
    assert found[1].at - found[0].at == timedelta(minutes=2)


def test_a_fall_within_an_hour_goes_step_by_step() -> None:
    found = ups(list(rounds_of(scenario({"up": 1}, {"up": 0, "within_minutes": 60}))))
    assert found[30] >= 11
    assert 4 <= found[45] <= 8
    assert found[60] <= 1


def test_the_same_seed_gives_the_same_rounds_and_another_one_others() -> None:
    once, again, other = (list(rounds_of(scenario({"up": 0.5}, seed=seed))) for seed in (7, 7, 8))
    assert once == again
    assert ups(once) != ups(other)


def test_rounds_and_lines_come_in_the_order_of_time_and_without_probes_there_are_none() -> None:
    moments = [at for at, _ in scenario({"up": 1}, {"up": 0.2}).items()]
    assert moments == sorted(moments)
    assert list(rounds_of(scenario())) == []
    assert moments[-1] == datetime(2022, 1, 4, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong", [{"up": 1.2}, {"up": 1, "of": 0}, {"up": 1, "access": "satellite"}, {"up": 1, "asn": 5}]
)
def test_what_cannot_be_seen_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        scenario(wrong)


def test_an_expectation_names_a_rule_or_a_signal() -> None:
    Expectation.model_validate({"signal": "net.restored", "region": "KZ", "says": "national"})
    for wrong in (
        {"region": "KZ"},
        {"rule": "r", "signal": "net.restored", "region": "KZ"},
        {"rule": "r", "says": "x", "region": "KZ"},
    ):
        with pytest.raises(ValidationError):
            Expectation.model_validate(wrong)
