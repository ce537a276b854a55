"""Tells another program by HTTP POST, signed so that it can be sure who speaks.

The body is JSON. `Dabyl-Signature: t=<unix time>,v1=<hex>` is HMAC-SHA256 over `<unix time>.<body>` with the shared
secret; `Dabyl-Id` is the same for every try of one message. Redirects are refused. Address and secret never reach a log.
"""

import hashlib
import hmac
import json

import aiohttp
from pydantic import BaseModel, ConfigDict, Field

from alerts.receivers import Secrets
from monitor.domain.alerts import Notification, Receipt
from monitor.domain.errors import DeliveryError
from monitor.domain.moments import rfc3339

_GONE = {400, 401, 403, 404, 405, 410, 413, 422}


class Config(BaseModel):
    """Settings of a webhook."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url_secret: str = Field(description="name of the environment variable (or NAME_FILE) with the address")
    signing_secret: str | None = Field(
        default=None, description="name of the secret that signs; unsigned where not given"
    )
    timeout_seconds: float = Field(default=15, gt=0, le=60, description="how long an answer may take")


class Receiver:
    """Posts messages."""

    def __init__(self, config: Config, secrets: Secrets) -> None:
        self._url = secrets(config.url_secret)
        self._key = secrets(config.signing_secret).encode() if config.signing_secret else None
        self._timeout = aiohttp.ClientTimeout(total=config.timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, notification: Notification) -> Receipt:
        """Post the message; any 2xx is a receipt."""
        body = json.dumps(payload(notification), ensure_ascii=False).encode()
        session = self._open()
        try:
            async with session.post(
                self._url, data=body, headers=self._headers(notification, body), allow_redirects=False
            ) as answer:
                return _judged(answer)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise DeliveryError(f"the webhook does not answer ({type(error).__name__})") from None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout, trust_env=False)
        return self._session

    def _headers(self, notification: Notification, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json; charset=utf-8", "Dabyl-Id": notification.id}
        if self._key is not None:
            stamp = str(int(notification.created_at.timestamp()))
            mark = hmac.new(self._key, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
            headers["Dabyl-Signature"] = f"t={stamp},v1={mark}"
        return headers

    async def close(self) -> None:
        """Let go of the connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def payload(notification: Notification) -> dict[str, object]:
    """The message as JSON; its form is versioned."""
    return {
        "version": 1,
        "id": notification.id,
        "incident": notification.incident,
        "alert": notification.alert,
        "reason": notification.reason.value,
        "severity": notification.severity.word,
        "level": notification.level.value,
        "created_at": rfc3339(notification.created_at),
        "event_at": rfc3339(notification.event_at),
        "subject": notification.subject,
        "short": notification.short,
        "body": notification.body,
    }


def _judged(answer: aiohttp.ClientResponse) -> Receipt:
    if 200 <= answer.status < 300:
        return Receipt(reference=None)
    wait = answer.headers.get("Retry-After", "")
    seconds = float(min(int(wait), 3600)) if wait.isdigit() else None
    if 300 <= answer.status < 400:
        raise DeliveryError(f"the webhook redirects ({answer.status}), which is not followed", permanent=True)
    raise DeliveryError(
        f"the webhook answered {answer.status}", permanent=answer.status in _GONE, retry_after_seconds=seconds
    )
