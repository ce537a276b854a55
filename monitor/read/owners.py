"""What a phrase belongs to, as weighing needs it: entries of the lexicons without their phrases. PURE."""

from dataclasses import dataclass

from monitor.domain.kinds import EventKind, Family
from monitor.read.lexicon import Effect, Entry, Modifier, NamedCause, Noise, Scope


@dataclass(frozen=True, slots=True)
class Trigger:
    """Points to a kind of event; `strength` 0..1; `naming`: its words only name such an event."""

    id: str
    kind: EventKind
    strength: float
    past: bool
    naming: bool


@dataclass(frozen=True, slots=True)
class Canceller:
    """Shows that other words do not mean an event; cancels everything where `cancels` is empty."""

    id: str
    cancels: tuple[Family | EventKind, ...]
    scope: Scope


@dataclass(frozen=True, slots=True)
class Turn:
    """Turns a finding; of any kind where `kinds` is empty; `spoken`: a colon or a quotation mark may say who says it."""

    id: str
    effect: Effect
    kinds: tuple[Family | EventKind, ...]
    scope: Scope
    spoken: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """Names why the network is gone."""

    id: str
    technical: bool
    scope: Scope


Owner = Trigger | Canceller | Turn | Cause | str
"""A string is the name of a group of context words."""


def owner_of(written: Entry | Noise | Modifier | NamedCause) -> Owner:
    """An entry as people write it, without its phrases."""
    if isinstance(written, Entry):
        return Trigger(written.id, written.kind, written.strength, written.past, written.naming)
    if isinstance(written, Noise):
        return Canceller(written.id, written.cancels, written.scope)
    if isinstance(written, Modifier):
        return Turn(written.id, written.effect, written.kinds, written.scope, written.spoken)
    return Cause(written.id, written.technical, written.scope)
