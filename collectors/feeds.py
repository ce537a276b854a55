"""News feeds: RSS, Atom and JSON Feed, polled with conditional requests.

Hears: whatever an outlet puts into its feed. Terms: a feed is published to be read by programs. Pace: one request a
round, nothing at all if the server says that nothing changed. Fails: unreachable, throttled, denied, a web page instead
of a feed (which may be a block page); each is a state of the source. Cannot see: what was published and removed between
two rounds, and what an outlet leaves out of its feed.
"""

from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, field_validator

from collectors.base import Access, Answer
from collectors.entries import Entries
from monitor.domain.sources import Source


class Config(BaseModel):
    """Settings of a feed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: HttpUrl = Field(description="address of the feed")
    every_minutes: float = Field(default=5, ge=1, le=1440, description="minutes between two rounds")
    zone: str | None = Field(default=None, description="IANA zone for dates that name none; UTC where not given")
    proxy: str | None = Field(default=None, description="name of the environment variable with a proxy's address")

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (KeyError, ValueError, OSError):
                message = f"no such time zone: {value}"
                raise ValueError(message) from None
        return value


class Collector(Entries):
    """One feed."""

    def __init__(self, source: Source, access: Access, cursor: str | None) -> None:
        self._config = Config.model_validate(source.settings)
        super().__init__(
            source, access, cursor, url=str(self._config.url), every_minutes=self._config.every_minutes,
            proxy=self._config.proxy,
        )  # fmt: skip

    def parser(self, answer: Answer) -> tuple[str, tuple[Any, ...]]:
        """How a feed is read."""
        arguments = (answer.body, answer.headers.get("content-type"), answer.url, self._config.zone)
        return "collectors.feed_parse:parse_feed", arguments
