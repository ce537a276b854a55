"""Messages of preview pages and exports in the one form that `dabyl inspect` prints. PURE."""

from typing import Any

from collectors.telegram_export_parse import ExportMessage
from collectors.telegram_preview_parse import Message
from monitor.domain.moments import rfc3339


def message_record(message: Message | ExportMessage) -> dict[str, Any]:
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
