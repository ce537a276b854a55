"""Tells whoever looks at the terminal. Never fails, reaches nobody who is not there."""

import sys

from pydantic import BaseModel, ConfigDict, Field

from alerts.receivers import Secrets
from monitor.domain.alerts import Notification, Receipt


class Config(BaseModel):
    """Settings of the console."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bell: bool = Field(default=False, description="ring the terminal's bell at a critical message")


class Receiver:
    """Prints messages."""

    def __init__(self, config: Config, secrets: Secrets) -> None:
        self._bell = config.bell

    async def send(self, notification: Notification) -> Receipt:
        """Print the message."""
        bell = "\a" if self._bell and notification.severity.word == "critical" else ""
        sys.stdout.write(f"{bell}\n=== {notification.subject}\n{notification.body}\n")
        sys.stdout.flush()
        return Receipt()

    async def close(self) -> None:
        """Nothing to let go of."""
