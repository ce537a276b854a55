"""Names of topics, versioned: a part of another version speaks past us, never into us."""

from dataclasses import dataclass
from typing import Final

VERSION: Final = "v1"
READERS: Final = "read"
"""The group in which reading parts share the stream."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Topics under one prefix, so that two installations may share a broker.

    Attributes:
        prefix: `dabyl`, or what the address of the broker names.
    """

    prefix: str = "dabyl"

    @property
    def base(self) -> str:
        """What every topic begins with."""
        return f"{self.prefix}/{VERSION}"

    def items(self, sender: str, batch: str) -> str:
        """A batch of items of a collecting part."""
        return f"{self.base}/items/{sender}/{batch}"

    @property
    def shared_items(self) -> str:
        """The subscription in which reading parts share all batches."""
        return f"$share/{READERS}/{self.base}/items/+/+"

    def item_names(self, topic: str) -> tuple[str, str] | None:
        """Sender and batch of an items topic; `None` where it is none."""
        parts = topic.removeprefix(f"{self.base}/items/").split("/")
        return (parts[0], parts[1]) if topic.startswith(f"{self.base}/items/") and len(parts) == 2 else None

    def receipts(self, sender: str) -> str:
        """Receipts for a collecting part."""
        return f"{self.base}/receipts/{sender}"

    def bell(self, topic: str) -> str:
        """A doorbell."""
        return f"{self.base}/bell/{topic}"

    @property
    def bells(self) -> str:
        """All doorbells."""
        return f"{self.base}/bell/+"

    def bell_name(self, topic: str) -> str | None:
        """Which doorbell a topic is; `None` where it is none."""
        before, _, name = topic.rpartition("/")
        return name if before == f"{self.base}/bell" else None

    def health(self, part: str, instance: str) -> str:
        """How a process feels; retained, and replaced by its last will."""
        return f"{self.base}/health/{part}/{instance}"

    @property
    def healths(self) -> str:
        """The health of every process."""
        return f"{self.base}/health/+/+"
