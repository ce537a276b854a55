"""Tells people by e-mail, through the SMTP server of the operator.

The connection is encrypted unless the server is on this machine. Header injection is impossible: the library's message
object builds the headers. Addresses come from secrets, so that no configuration file names a person.
"""

from email.message import EmailMessage
from typing import Literal

import aiosmtplib
from pydantic import BaseModel, ConfigDict, Field

from alerts.receivers import Secrets
from monitor.domain.alerts import Notification, Receipt
from monitor.domain.errors import DeliveryError


class Config(BaseModel):
    """Settings of an e-mail receiver."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(description="name of the SMTP server")
    port: int = Field(default=587, ge=1, le=65535, description="its port")
    encryption: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="`none` only for this machine"
    )
    from_secret: str = Field(description="name of the secret with the sender's address")
    to_secret: str = Field(description="name of the secret with the recipients' addresses, separated by commas")
    user_secret: str | None = Field(default=None, description="name of the secret with the account, if one is needed")
    password_secret: str | None = Field(default=None, description="name of the secret with its password")
    timeout_seconds: float = Field(default=30, gt=0, le=60, description="how long the server may take")


class Receiver:
    """Sends messages."""

    def __init__(self, config: Config, secrets: Secrets) -> None:
        self._config = config
        self._sender = secrets(config.from_secret)
        self._recipients = [part.strip() for part in secrets(config.to_secret).split(",") if part.strip()]
        self._user = secrets(config.user_secret) if config.user_secret else None
        self._password = secrets(config.password_secret) if config.password_secret else None

    async def send(self, notification: Notification) -> Receipt:
        """Send the message."""
        message = self._message(notification)
        try:
            await aiosmtplib.send(
                message, sender=self._sender, recipients=self._recipients, hostname=self._config.host, port=self._config.port,
                use_tls=self._config.encryption == "tls", start_tls=self._config.encryption == "starttls",
                username=self._user, password=self._password, timeout=self._config.timeout_seconds,
            )  # fmt: skip
        except aiosmtplib.SMTPResponseException as error:
            raise DeliveryError(f"the mail server refused it ({error.code})", permanent=error.code >= 500) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise DeliveryError(f"the mail server does not take it ({type(error).__name__})") from None
        return Receipt(reference=message["Message-ID"])

    def _message(self, notification: Notification) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = ", ".join(self._recipients)
        message["Subject"] = " ".join(notification.subject.split())
        # The id of the message makes a second try recognisable, and mail programs thread by the incident.
        message["Message-ID"] = f"<{notification.id}@dabyl.invalid>"
        message["References"] = f"<{notification.incident}@dabyl.invalid>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notification.body)
        return message

    async def close(self) -> None:
        """Nothing is kept open between messages."""
