"""Pages without a feed: lists of court hearings, prosecutors' warnings, notices of an akimat, watched by difference.

Hears: each entry that a selector finds on a page, once, and again when its words change; without a selector, the whole page
whenever its text changes. Terms: public pages, asked as a reader would. Pace: one request a round, nothing at all if the
server says that nothing changed. Fails: unreachable, throttled, denied, a page on which the selector finds nothing any more
(its layout changed, or it is a block page); each is a state of the source. Cannot see: what scripts put into a page, what
appeared and vanished between two rounds, and when an entry was published if the page does not say.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, field_validator
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from collectors.base import Access, Answer
from collectors.entries import Entries
from monitor.domain.sources import Source


class Config(BaseModel):
    """Settings of a page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: HttpUrl = Field(description="address of the page")
    every_minutes: float = Field(default=30, ge=1, le=1440, description="minutes between two rounds")
    entry: str | None = Field(default=None, description="CSS selector of one entry; the whole page where not given")
    title: str | None = Field(
        default=None, description="CSS selector of its title inside an entry; none where not given"
    )
    proxy: str | None = Field(default=None, description="name of the environment variable with a proxy's address")

    @field_validator("entry", "title")
    @classmethod
    def _is_selector(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                LexborHTMLParser("<p>").css(value)
            except (SelectolaxError, ValueError) as error:
                message = f"not a CSS selector: {value}"
                raise ValueError(message) from error
        return value


class Collector(Entries):
    """One page."""

    dated = False

    def __init__(self, source: Source, access: Access, cursor: str | None) -> None:
        self._config = Config.model_validate(source.settings)
        super().__init__(
            source, access, cursor, url=str(self._config.url), every_minutes=self._config.every_minutes,
            proxy=self._config.proxy,
        )  # fmt: skip

    def parser(self, answer: Answer) -> tuple[str, tuple[Any, ...]]:
        """How a page is read."""
        arguments = (
            answer.body,
            answer.headers.get("content-type"),
            answer.url,
            self._config.entry,
            self._config.title,
        )
        return "collectors.page_parse:parse_page", arguments
