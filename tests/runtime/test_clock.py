"""Time: the machine's calendar is followed while it can be trusted, and a day replays in a second."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from monitor.runtime.clock import BELIEVED_AFTER_SECONDS, SystemClock

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
HOUR, DAY = 3600.0, 86_400.0


@dataclass
class Machine:
    """A machine whose calendar can be set wrong."""

    passed: float = 0.0
    error: float = 0.0

    def clock(self) -> SystemClock:
        return SystemClock(lambda: NEW_YEAR.timestamp() + self.passed + self.error, lambda: 1000.0 + self.passed)

    def run(self, clock: SystemClock, seconds: float, step: float = 15.0) -> None:
        until = self.passed + seconds
        while self.passed < until:
            self.passed = min(until, self.passed + step)
            clock.now()


@pytest.mark.parametrize("jump", [HOUR, -HOUR, DAY, -DAY, 1e9])
def test_a_calendar_that_jumps_and_comes_back_moves_nothing(jump: float) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.run(clock, 60)
    machine.error = jump
    machine.run(clock, 600)
    assert clock.now() == NEW_YEAR + timedelta(seconds=660)
    assert clock.suspect_seconds == pytest.approx(jump)
    machine.error = 0.0
    machine.run(clock, 60)
    assert clock.now() == NEW_YEAR + timedelta(seconds=720)
    assert clock.suspect_seconds == 0


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_calendar_that_stays_where_it_jumped_is_believed_in_the_end(jump: float) -> None:
    machine = Machine()
    clock = machine.clock()
    machine.error = jump
    machine.run(clock, BELIEVED_AFTER_SECONDS + 30)
    assert clock.now() == NEW_YEAR + timedelta(seconds=machine.passed + jump)
    assert clock.suspect_seconds == 0


def test_a_calendar_that_jumps_about_is_never_believed() -> None:
    machine = Machine()
    clock = machine.clock()
    for _ in range(20):
        machine.error += 600
        machine.run(clock, 300)
    assert clock.now() == NEW_YEAR + timedelta(seconds=machine.passed)


def test_a_leap_second_and_a_calendar_set_gently_are_followed_and_time_never_goes_back() -> None:
    machine = Machine()
    clock = machine.clock()
    seen = []
    for _ in range(200):
        machine.error -= 0.01
        machine.passed += 1
        seen.append(clock.now())
    assert seen == sorted(seen)
    machine.error -= 1.0
    before = clock.now()
    assert clock.now() >= before
    machine.run(clock, 5)
    assert clock.now() == NEW_YEAR + timedelta(seconds=machine.passed + machine.error)
