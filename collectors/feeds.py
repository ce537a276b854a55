"""News feeds: RSS, Atom and JSON Feed, polled with conditional requests.

Hears: whatever an outlet puts into its feed. Terms: a feed is published to be read by programs. Pace: one request a
round, nothing at all if the server says that nothing changed. Fails: unreachable, throttled, denied, a web page instead
of a feed (which may be a block page); each is a state of the source. Cannot see: what was published and removed between
two rounds, and what an outlet leaves out of its feed.
"""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, field_validator

from collectors.base import Access, Answer
from collectors.feed_parse import Entry, ParsedFeed
from monitor.domain.ids import content_id
from monitor.domain.ports import UnavailableError
from monitor.domain.reports import Item, Report
from monitor.domain.sources import Source

REMEMBERED: Final = 400
"""Entries whose wording is remembered, so that an edit is seen and a repeat costs nothing."""


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


@dataclass(slots=True)
class _Memory:
    """The bookmark of a feed."""

    etag: str | None = None
    modified: str | None = None
    body: str | None = None
    seen: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: str | None) -> "_Memory":
        data = json.loads(cursor) if cursor else {}
        return cls(data.get("etag"), data.get("modified"), data.get("body"), data.get("seen", {}))

    def written(self) -> str:
        kept = dict(list(self.seen.items())[-REMEMBERED:])
        data = {"etag": self.etag, "modified": self.modified, "body": self.body, "seen": kept}
        return json.dumps(data, separators=(",", ":"))


class Collector:
    """One feed."""

    def __init__(self, source: Source, access: Access, cursor: str | None) -> None:
        self._source = source
        self._access = access
        self._config = Config.model_validate(source.settings)
        self._memory = _Memory.read(cursor)
        self.every_seconds = self._config.every_minutes * 60

    async def items(self) -> AsyncIterator[Item]:
        """What is new or changed in the feed, oldest first."""
        answer = await self._access.http.get(str(self._config.url), headers=self._conditions())
        body = hashlib.sha256(answer.body).hexdigest()[:32]
        if answer.status == 304 or body == self._memory.body:
            return
        feed = await self._parsed(answer)
        now = self._access.clock.now()
        self._memory.etag = answer.headers.get("etag")
        self._memory.modified = answer.headers.get("last-modified")
        self._memory.body = body
        fresh = [entry for entry in reversed(feed.entries) if self._is_fresh(entry)]
        for entry in sorted(fresh, key=lambda entry: entry.published_at or now):
            report = self._report(entry, now)
            self._memory.seen.pop(entry.id, None)
            self._memory.seen[entry.id] = _wording(entry)
            yield Item(source=self._source.id, content=report, cursor=self._memory.written())
        yield Item(source=self._source.id, content=None, cursor=self._memory.written())

    def _conditions(self) -> dict[str, str]:
        wanted = {"If-None-Match": self._memory.etag, "If-Modified-Since": self._memory.modified}
        return {name: value for name, value in wanted.items() if value}

    async def _parsed(self, answer: Answer) -> ParsedFeed:
        try:
            feed: Any = await self._access.workers.run(
                "collectors.feed_parse:parse_feed",
                answer.body,
                answer.headers.get("content-type"),
                answer.url,
                self._config.zone,
            )
        except ValueError as error:
            raise UnavailableError(f"no feed: {error}") from None
        parsed: ParsedFeed = feed
        return parsed

    def _is_fresh(self, entry: Entry) -> bool:
        return self._memory.seen.get(entry.id) != _wording(entry)

    def _report(self, entry: Entry, now: datetime) -> Report:
        return Report(
            source=self._source.id,
            origin=self._source.id,
            key=entry.id,
            title=entry.title or None,
            text=entry.text,
            link=entry.link,
            published_at=entry.published_at,
            observed_at=now,
            edited=entry.id in self._memory.seen,
        )


def _wording(entry: Entry) -> str:
    return content_id(entry.title, entry.text)[:12]
