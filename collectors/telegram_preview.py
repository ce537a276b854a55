"""Public Telegram channels through their preview pages (t.me/s/name), without an account.

Hears: the last posts of a channel that allows previews. Terms: public pages, read as a browser would. Pace: one page a
round, more only to page back after an absence. Fails: previews switched off, throttled, a group or a user instead of a
channel; each is a state of the source and never "the channel is silent". Cannot see: comments, media files, exact times
of edits, and what was posted and deleted between two rounds.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from collectors.base import Access
from collectors.telegram_preview_parse import Message, PreviewPage
from monitor.domain.errors import AccessDeniedError, UnavailableError
from monitor.domain.ids import content_id
from monitor.domain.reports import Deletion, Item, Report
from monitor.domain.sources import Source

REMEMBERED: Final = 120
"""Posts whose wording is remembered, to see edits and deletions."""


class Config(BaseModel):
    """Settings of a channel read by its preview pages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{3,31}$", description="username of the channel, without @")
    every_minutes: float = Field(default=3, ge=1, le=1440, description="minutes between two rounds")
    pages_back: int = Field(default=10, ge=0, le=100, description="pages read back at most after an absence")
    proxy: str | None = Field(default=None, description="name of the environment variable with a proxy's address")
    base: str = Field(default="https://t.me", description="where the pages are; for tests", pattern=r"^https?://")


@dataclass(slots=True)
class _Memory:
    """The bookmark of a channel: highest id processed, wordings of late, and ids that are missing once."""

    last: int = 0
    seen: dict[int, str] = field(default_factory=dict)
    missing: dict[int, str] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: str | None) -> "_Memory":
        data = json.loads(cursor) if cursor else {}
        return cls(
            data.get("last", 0),
            {int(number): wording for number, wording in data.get("seen", {}).items()},
            {int(number): since for number, since in data.get("missing", {}).items()},
        )

    def written(self) -> str:
        kept = dict(sorted(self.seen.items())[-REMEMBERED:])
        return json.dumps({"last": self.last, "seen": kept, "missing": self.missing}, separators=(",", ":"))


class Collector:
    """One channel."""

    def __init__(self, source: Source, access: Access, cursor: str | None) -> None:
        self._source = source
        self._access = access
        self._config = Config.model_validate(source.settings)
        self._memory = _Memory.read(cursor)
        self.every_seconds = self._config.every_minutes * 60
        self.gap_left = False

    def _proxy(self) -> str | None:
        return self._access.secret(self._config.proxy) if self._config.proxy else None

    async def items(self) -> AsyncIterator[Item]:
        """New and changed posts since the last round, oldest first; then posts confirmed as deleted."""
        newest = await self._page(None)
        messages = {message.message_id: message for message in newest.messages}
        await self._page_back(newest, messages)
        for number in sorted(messages):
            message = messages[number]
            if self._memory.seen.get(number) == _wording(message):
                continue
            report = self._report(message)
            self._memory.seen[number] = _wording(message)
            self._memory.last = max(self._memory.last, number, *message.also)
            yield Item(source=self._source.id, content=report, cursor=self._memory.written())
        for deletion in self._deleted(newest):
            yield Item(source=self._source.id, content=deletion, cursor=self._memory.written())
        yield Item(source=self._source.id, content=None, cursor=self._memory.written())

    async def _page_back(self, newest: PreviewPage, messages: dict[int, Message]) -> None:
        """Read older pages down to the last post processed; a channel seen for the first time starts with one page."""
        page = newest
        for _ in range(self._config.pages_back if self._memory.last else 0):
            oldest = min((message.message_id for message in page.messages), default=0)
            if oldest <= self._memory.last + 1 or page.before is None:
                return
            page = await self._page(page.before)
            messages.update({message.message_id: message for message in page.messages})
        oldest = min(messages, default=0)
        self.gap_left = bool(self._memory.last) and oldest > self._memory.last + 1

    async def _page(self, before: int | None) -> PreviewPage:
        query = f"?before={before}" if before else ""
        address = f"{self._config.base}/s/{self._config.channel}{query}"
        answer = await self._access.http.get(address, proxy=self._proxy())
        if "/s/" not in answer.url:
            raise AccessDeniedError("the preview is switched off, or this is a group or a user")
        try:
            page: Any = await self._access.workers.run("collectors.telegram_preview_parse:parse_preview", answer.body)
        except ValueError as error:
            raise UnavailableError(f"the page cannot be read: {error}") from None
        parsed: PreviewPage = page
        if parsed.problem == "no preview":
            raise AccessDeniedError("the preview is switched off, or this is a group or a user")
        if parsed.problem is not None and before is None:
            raise UnavailableError(f"{parsed.problem}: throttled, or the channel is empty", 900.0)
        return parsed

    def _report(self, message: Message) -> Report:
        now = self._access.clock.now()
        return Report(
            source=self._source.id,
            origin=f"telegram:{message.channel.lower()}",
            key=str(message.message_id),
            text=message.text,
            link=f"https://t.me/{message.channel}/{message.message_id}",
            published_at=message.published_at,
            observed_at=now,
            edited=message.edited or message.message_id in self._memory.seen,
            forwarded_from=origin_of(message),
            reply_to=str(message.reply_to) if message.reply_to else None,
            views=message.views,
            media=message.media,
            is_service=message.is_service,
        )

    def _deleted(self, page: PreviewPage) -> list[Deletion]:
        """Posts once seen that are missing between two neighbours of a fresh page, and were missing last time too."""
        shown = {message.message_id for message in page.messages}
        shown |= {other for message in page.messages for other in message.also}
        if not shown:
            return []
        now = self._access.clock.now()
        gone = [number for number in self._memory.seen if min(shown) < number < max(shown) and number not in shown]
        confirmed = [number for number in gone if number in self._memory.missing]
        self._memory.missing = {number: now.isoformat() for number in gone if number not in confirmed}
        for number in confirmed:
            del self._memory.seen[number]
        origin = f"telegram:{(page.channel or self._config.channel).lower()}"
        return [
            Deletion(source=self._source.id, origin=origin, key=str(number), observed_at=now)
            for number in sorted(confirmed)
        ]


def origin_of(message: Message) -> str | None:
    """Where a forwarded post first stood: the channel's username where it is linked, else its shown name."""
    if message.forwarded_name is None:
        return None
    name = (message.forwarded_link or "").removeprefix("https://t.me/").partition("/")[0].partition("?")[0]
    return f"telegram:{name.lower()}" if name else f"telegram-name:{message.forwarded_name}"


def _wording(message: Message) -> str:
    return content_id(" ".join(message.text.split()))[:12]
