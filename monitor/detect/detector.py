"""The detector of networks behind the seam: rounds in, signals out, the state a plain value."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from monitor.detect.history import HistoryState, Told, joined
from monitor.detect.network import NetworkSettings, pace, standings
from monitor.detect.openings import openings
from monitor.detect.signals import signal_of
from monitor.domain.connectivity import Board, Round, Scope
from monitor.domain.moments import from_unix
from monitor.domain.signals import Signal

SHOWN: Final = ("operator:", "region:", "service:")


class NetworkDetector:
    """Watches operators, regions and services. No I/O, no clock.

    Rounds may come late and in any order; those that come together are best given together (`step_all`), since the past
    is gone through again once for all of them.
    """

    def __init__(self, settings: NetworkSettings | None = None) -> None:
        self.settings = settings or NetworkSettings()

    def step(self, state: HistoryState, measurement: Round, now: datetime) -> tuple[HistoryState, tuple[Signal, ...]]:
        """The state after one round, and what to tell."""
        return self.step_all(state, (measurement,), now)

    def step_all(
        self, state: HistoryState, rounds: Sequence[Round], now: datetime
    ) -> tuple[HistoryState, tuple[Signal, ...]]:
        """The state after these rounds, and what to tell, as far as our own measurements go."""
        state, told = self.told_all(state, rounds, now)
        still_open = tuple(state.now.open.values())
        return state, tuple(signal_of(one, now, still_open=still_open) for one in told)

    def told_all(
        self, state: HistoryState, rounds: Sequence[Round], now: datetime
    ) -> tuple[HistoryState, tuple[Told, ...]]:
        """The state after these rounds, and what is new, before it is weighed with what others say."""
        return joined(state, rounds, now, self.settings)

    def board(self, state: HistoryState) -> Board:
        """What there is to show after the last round."""
        if state.now.at is None:
            return Board(pace_seconds=self.settings.round_seconds)
        at = from_unix(state.now.at)
        national = [one for one in (*state.now.over, *state.now.open.values()) if one.scope is Scope.NATIONAL]
        seen = tuple(one for one in standings(state.now, at) if one.entity.startswith(SHOWN))
        windows = tuple((window.start, window.end) for window in openings(national) if window.end is not None)
        return Board(at=at, pace_seconds=self.next_round_seconds(state), standings=seen, openings=windows)

    def next_round_seconds(self, state: HistoryState) -> float:
        """When the next round is due: sooner while something may be beginning or ending."""
        return pace(state.now, self.settings)
