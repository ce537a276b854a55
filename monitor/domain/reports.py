"""What one source wrote, and what a collector hands on."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitor.domain.agents import Parcel
from monitor.domain.connectivity import Round
from monitor.domain.health import Health
from monitor.domain.ids import report_id, version_id
from monitor.domain.measurements import Measurement
from monitor.domain.signals import Signal


@dataclass(frozen=True, slots=True)
class Media:
    """Something attached to a post. We keep that it was there, never the thing itself.

    Attributes:
        kind: photo, video, voice, audio, document, poll, location, sticker, link, unsupported, ...
        details: plain JSON values about it (a poll's question and options, a location's coordinates, a duration).
    """

    kind: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One wording of one post or news item.

    Attributes:
        source: id of the entry in sources.yaml through which it came.
        origin: where it stands: `telegram:<username>` or the source's id. Ids are made of origin and key, so the
            same post read by two ways is one report.
        key: the post's own id at its origin: message number, guid, link.
        text: plain text, without markup. The title is not repeated in it.
        published_at: when the source says it was published; `None` where the source does not say.
        observed_at: when we read it.
        edited: the source says, or a comparison showed, that this is not the first wording.
        forwarded_from: the channel it was forwarded from (`telegram:<username>` where known, else its shown name);
            never a private person.
        reply_to: key of the post it answers, at the same origin.
        views: how often it was seen; `None` where the source does not say.
    """

    source: str
    origin: str
    key: str
    text: str
    observed_at: datetime
    title: str | None = None
    link: str | None = None
    published_at: datetime | None = None
    edited: bool = False
    edited_at: datetime | None = None
    forwarded_from: str | None = None
    reply_to: str | None = None
    views: int | None = None
    media: tuple[Media, ...] = ()
    is_service: bool = False

    @property
    def id(self) -> str:
        """The same for every wording of this post."""
        return report_id(self.origin, self.key)

    @property
    def version(self) -> str:
        """The id of this wording."""
        return version_id(self.id, self.title, self.text)

    @property
    def at(self) -> datetime:
        """When it counts as having been said: published, or failing that, observed."""
        return self.published_at or self.observed_at

    @property
    def words(self) -> str:
        """Title and text together, as the reader reads them."""
        if not self.title or self.text.startswith(self.title):
            return self.text
        return f"{self.title}\n{self.text}" if self.text else self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A post that was there and is gone, confirmed by a second look. It hides nothing from our record."""

    source: str
    origin: str
    key: str
    observed_at: datetime

    @property
    def id(self) -> str:
        """Id of the report that was deleted."""
        return report_id(self.origin, self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What a collector yields: one thing it met, and how far it has come.

    Attributes:
        source: id of the entry in sources.yaml.
        content: a post, a deletion, how the source feels, a ready signal (states of the network in scenarios), what
            a vantage measured, tallies that somebody else made, or the end of an agent's parcel. `None` only moves the
            cursor.
        cursor: the collector's own bookmark after this item, stored in the same transaction; `None` leaves it.
    """

    source: str
    content: Report | Deletion | Health | Signal | Measurement | Round | Parcel | None
    cursor: str | None = None
