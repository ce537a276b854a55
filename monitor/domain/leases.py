"""One task, several that could do it: who holds it, and how a former holder is kept from acting.

Nobody's wall clock is trusted. A holder counts beats; whoever sees the same beat for long enough by its own monotonic
clock may take over, and each take-over raises the token. What a holder stores carries its token (a fence) and is
refused once a higher one stands in the store.
"""

from dataclasses import dataclass


class LeaseLostError(Exception):
    """Somebody else holds the lease by now, or nobody could confirm ours: stop acting at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lease as it stands in the store.

    Attributes:
        holder: name of the process that holds it; `None` after an orderly end.
        token: raised by one at each take-over, never lowered.
        beats: raised by one at each renewal.
    """

    name: str
    holder: str | None
    token: int
    beats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """Proof of a tenure, checked in the very transaction that it guards."""

    lease: str
    holder: str
    token: int

    @property
    def claimant(self) -> str:
        """How messages claimed in this tenure are signed: another tenure of the same process is another claimant."""
        return f"{self.holder}#{self.token}"


def holder_of(claimant: str) -> str:
    """The process that signed a claim."""
    return claimant.rpartition("#")[0] or claimant
