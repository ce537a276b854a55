"""What the watch over the network remembers, as plain values under names: the state, the rounds, states put by, the board.

Only what changed is written: a round once, a state that was put by once, the running state with every step.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeVar

from pydantic import TypeAdapter

from monitor.detect.history import HistoryState
from monitor.detect.hush import Hush
from monitor.detect.network import NetworkState
from monitor.detect.presence import Listening
from monitor.detect.quorum import Trust
from monitor.detect.weighing import Weighed
from monitor.domain.connectivity import BOARD, Board, board_json, round_from_json, round_json
from monitor.domain.moments import parse_rfc3339, rfc3339

PREFIX: Final = "network."
NOW: Final = "network.now"
BESIDE: Final = "network.beside"
WEIGHED: Final = "network.weighed"
LISTENING: Final = "network.listening"
PUT_BY: Final = "network.put_by."
ROUNDS: Final = "network.round."
One = TypeVar("One")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is remembered beside the detector's own state.

    Attributes:
        trust: by vantage.
        pending: windows (Unix seconds of their beginning) that hold measurements which no round has told of yet.
        refused: rounds that came too late to be placed.
        hush: who sends, and who fell silent.
        weighed: outages that last, with the certainty that was told, by id; written by itself, as `listening` is.
        listening: who is usually heard, and how often.
    """

    trust: Mapping[str, Trust] = field(default_factory=dict)
    pending: tuple[int, ...] = ()
    refused: int = 0
    hush: Hush = field(default_factory=Hush)
    weighed: Mapping[str, Weighed] = field(default_factory=dict)
    listening: Listening = field(default_factory=Listening)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """All of it."""

    history: HistoryState = field(default_factory=HistoryState)
    beside: Beside = field(default_factory=Beside)


_STATE: Final = TypeAdapter(NetworkState)
_BESIDE: Final = TypeAdapter(Beside)
_WEIGHED: Final = TypeAdapter(dict[str, Weighed])
_LISTENING: Final = TypeAdapter(Listening)
_APART: Final = {"weighed", "listening"}


def written(before: Memory, after: Memory, board: Board) -> dict[str, str | None]:
    """What must be stored so that `after` can be read again where `before` stands."""
    old, new = before.history, after.history
    kept: dict[str, str | None] = {
        NOW: _STATE.dump_json(new.now).decode(),
        BESIDE: _BESIDE.dump_json(replace(after.beside, refused=new.refused), exclude=_APART).decode(),
        BOARD: board_json(board),
    }
    if before.beside.weighed is not after.beside.weighed:
        kept[WEIGHED] = _WEIGHED.dump_json(dict(after.beside.weighed)).decode()
    if before.beside.listening is not after.beside.listening:
        kept[LISTENING] = _LISTENING.dump_json(after.beside.listening).decode()
    kept |= {PUT_BY + name: body for name, body in _changed(dict(old.put_by), dict(new.put_by), _STATE.dump_json)}
    was, now = {one.at: one for one in old.rounds}, {one.at: one for one in new.rounds}
    return kept | {ROUNDS + name: body for name, body in _changed(was, now, round_json)}


def _changed(
    old: Mapping[datetime, One], new: Mapping[datetime, One], text: Callable[[One], bytes]
) -> Iterator[tuple[str, str | None]]:
    for at, one in new.items():
        if old.get(at) is not one:
            yield rfc3339(at) or "", text(one).decode()
    for at in sorted(old.keys() - new.keys()):
        yield rfc3339(at) or "", None


def read(stored: Mapping[str, str]) -> Memory:
    """The memory as it was written; an empty one where nothing was.

    Raises:
        pydantic.ValidationError: something else was written.
    """
    if NOW not in stored:
        return Memory()
    beside = replace(
        _BESIDE.validate_json(stored[BESIDE]),
        weighed=_WEIGHED.validate_json(stored.get(WEIGHED, "{}")),
        listening=_LISTENING.validate_json(stored.get(LISTENING, "{}")),
    )
    put_by = ((parse_rfc3339(name), _STATE.validate_json(body)) for name, body in _named(stored, PUT_BY))
    rounds = (round_from_json(body) for _, body in _named(stored, ROUNDS))
    history = HistoryState(
        rounds=tuple(sorted(rounds, key=lambda one: one.at)), put_by=tuple(sorted(put_by, key=lambda entry: entry[0])),
        now=_STATE.validate_json(stored[NOW]), refused=beside.refused,
    )  # fmt: skip
    return Memory(history=history, beside=beside)


def _named(stored: Mapping[str, str], prefix: str) -> Iterator[tuple[str, str]]:
    return ((name.removeprefix(prefix), body) for name, body in stored.items() if name.startswith(prefix))
