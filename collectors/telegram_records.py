"""Messages of preview pages and exports in the one form that `dabyl inspect` prints. PURE."""

from typing import Any, Protocol

from monitor.domain.moments import rfc3339
from monitor.domain.reports import Media


class Shown(Protocol):
    """What both kinds of message have."""

    channel: Any
    message_id: Any
    published_at: Any
    edited: Any
    text: Any
    views: Any
    forwarded_name: Any
    reply_to: Any
    media: tuple[Media, ...]


def message_record(message: Shown) -> dict[str, Any]:
    """The fixed form."""
    return {
        "channel": message.channel,
        "message_id": message.message_id,
        "published_at": rfc3339(message.published_at),
        "edited": message.edited,
        "text": message.text,
        "views": message.views,
        "forwarded_from": message.forwarded_name,
        "reply_to": message.reply_to,
        "media": [{"kind": media.kind, **media.details} for media in message.media],
    }
