"""Agents in the field: whom we know, what we took in from each, and why something was refused.

An agent is known by a made-up name, a region and a network. Its address is never part of anything here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from monitor.domain.measurements import Vantage

AGENT_NAME: Final = r"^[a-z0-9][a-z0-9-]{1,39}$"
"""Names of agents: they stand in topics, file names and ids."""


class Refusal(StrEnum):
    """Why something that came in an agent's name was not stored. Each is told once an hour and agent."""

    MALFORMED = "malformed"
    UNKNOWN_AGENT = "unknown_agent"
    REVOKED = "revoked"
    OTHER_TOPIC = "other_topic"
    BAD_SIGNATURE = "bad_signature"
    OTHER_CORE = "other_core"
    REPLAY = "replay"
    SEQUENCE_BACK = "sequence_back"
    OUTSIDE_WINDOW = "outside_window"
    UNREADABLE = "unreadable"


REFUSAL_WORDS: Final[Mapping[Refusal, str]] = {
    Refusal.MALFORMED: "is no message of an agent",
    Refusal.UNKNOWN_AGENT: "comes from an agent that was never admitted",
    Refusal.REVOKED: "comes from an agent whose key was revoked",
    Refusal.OTHER_TOPIC: "came over another agent's way",
    Refusal.BAD_SIGNATURE: "is not signed by the agent it names",
    Refusal.OTHER_CORE: "is meant for another core",
    Refusal.REPLAY: "was sent before: somebody repeats a recorded message",
    Refusal.SEQUENCE_BACK: "goes back in its numbers: a copied key, or a disk that was restored",
    Refusal.OUTSIDE_WINDOW: "says that it was sent at another time: a wrong clock, or held back on its way",
    Refusal.UNREADABLE: "is signed, and yet cannot be read",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent that a person admitted.

    Attributes:
        key: its public Ed25519 key, 64 hexadecimal digits.
        vantage: where it measures; this counts, whatever its messages say.
        place: degrees east and north, to a hundredth, where its host gave it: known to the core's book of agents alone,
            and part of no measurement; `None` where it is not shared.
        sensitive: ids of services beyond the harmless ones that its host agreed to; `("*",)` for all.
        revoked_at: nothing is taken from it any more; `None` while it is trusted.
    """

    id: str
    key: str
    vantage: Vantage
    enrolled_at: datetime
    place: tuple[float, float] | None = None
    sensitive: tuple[str, ...] = ()
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far we are with an agent.

    Attributes:
        floor: it holds nothing at or below this sequence number any more: committed, or dropped by its cap.
        floor_attempt: number of the attempt that said so.
        last_heard_at: `None` if never.
        clock_offset_seconds: our clock less its clock; `None` while not measured.
        waiting_parcels: what it still holds, as of its last message.
        dropped_rows: what its buffer cap cost so far.
    """

    floor: int = 0
    floor_attempt: int = 0
    last_heard_at: datetime | None = None
    clock_offset_seconds: float | None = None
    waiting_parcels: int = 0
    dropped_rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A parcel of rows that was taken in. Stored after its rows, so that a stored parcel means stored rows.

    Attributes:
        sequence: number that the agent gave it, 1 and up, never given twice.
        attempt: number of the transmission that brought it, 1 and up, never used twice; 0 where a file brought it.
        digest: SHA-256 of the sealed content, hexadecimal.
        refused_rows: rows of it that made no sense.
        standing: as of this parcel.
    """

    agent: str
    sequence: int
    attempt: int
    digest: str
    received_at: datetime
    rows: int = 0
    refused_rows: int = 0
    standing: Standing = field(default_factory=Standing)


class AgentBook(Protocol):
    """Who is admitted, and what was committed. Any call may raise `StoreUnavailableError`."""

    async def agents(self) -> Sequence[tuple[Agent, Standing]]:
        """All of them, revoked ones too, by id."""
        ...

    async def agent(self, name: str) -> tuple[Agent, Standing] | None:
        """One of them; `None` if nobody was ever admitted under that name."""
        ...

    async def admit(self, agent: Agent) -> bool:
        """Trust an agent from now on; `False` (and nothing stored) where the name is taken by another key."""
        ...

    async def revoke(self, name: str, at: datetime) -> bool:
        """Trust it no more; `False` where it is not known or was revoked before."""
        ...

    async def parcels(self, agent: str, sequences: Collection[int]) -> Mapping[int, str]:
        """Digest of each of these parcels that is committed, by sequence."""
        ...

    async def attempt_seen(self, agent: str, attempt: int) -> bool:
        """Whether a committed parcel came with this attempt."""
        ...
