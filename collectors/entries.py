"""Pages and feeds that hold entries: asked with conditions, read where they can hurt nobody, compared with what was seen.

Promises that an entry seen before costs nothing, that a changed one becomes another wording of the same report, and that
each entry goes on with the bookmark after it. What the entries are read from is the concern of the module that asks.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from collectors.base import Access, Answer
from collectors.feed_parse import Entry, ParsedFeed
from monitor.domain.errors import UnavailableError
from monitor.domain.ids import content_id
from monitor.domain.reports import Item, Report
from monitor.domain.sources import Source

REMEMBERED: Final = 400
"""Entries whose wording is remembered, so that an edit is seen and a repeat costs nothing."""


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


class Entries(ABC):
    """What polls one address; a subclass says which, and how to read the answer."""

    def __init__(
        self, source: Source, access: Access, cursor: str | None, *, url: str, every_minutes: float, proxy: str | None
    ) -> None:
        self._source = source
        self._access = access
        self._url = url
        self._proxy = proxy
        self._memory = _Memory.read(cursor)
        self.every_seconds = every_minutes * 60

    dated = True
    """Whether entries say when they were published. Where they do not, what stood there at the first look is no news."""

    @abstractmethod
    def parser(self, answer: Answer) -> tuple[str, tuple[Any, ...]]:
        """Function (`module:name`) and arguments that read this answer in a worker."""

    async def items(self) -> AsyncIterator[Item]:
        """What is new or changed in the feed, oldest first."""
        answer = await self._access.http.get(
            self._url, headers=self._conditions(), proxy=self._access.secret(self._proxy) if self._proxy else None
        )
        body = hashlib.sha256(answer.body).hexdigest()[:32]
        if answer.status == 304 or body == self._memory.body:
            return
        feed = await self._parsed(answer)
        now = self._access.clock.now()
        fresh = [entry for entry in reversed(feed.entries) if self._is_fresh(entry)]
        if not self.dated and not self._memory.seen:
            self._memory.seen = {entry.id: _wording(entry) for entry in fresh}
            fresh = []
        for entry in sorted(fresh, key=lambda entry: entry.published_at or now):
            report = self._report(entry, now)
            self._memory.seen.pop(entry.id, None)
            self._memory.seen[entry.id] = _wording(entry)
            yield Item(source=self._source.id, content=report, cursor=self._memory.written())
        # Only now is the whole body read: a bookmark that said so earlier would lose the rest of it to a kill.
        self._memory.etag = answer.headers.get("etag")
        self._memory.modified = answer.headers.get("last-modified")
        self._memory.body = body
        yield Item(source=self._source.id, content=None, cursor=self._memory.written())

    def _conditions(self) -> dict[str, str]:
        wanted = {"If-None-Match": self._memory.etag, "If-Modified-Since": self._memory.modified}
        return {name: value for name, value in wanted.items() if value}

    async def _parsed(self, answer: Answer) -> ParsedFeed:
        function, arguments = self.parser(answer)
        try:
            parsed: ParsedFeed = await self._access.workers.run(function, *arguments)
        except ValueError as error:
            raise UnavailableError(f"no feed: {error}") from None
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
