"""Telegram Desktop exports as reports, for import and replay."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from collectors.telegram_export_parse import ExportMessage
from monitor.domain.reports import Report


def reports(messages: Iterable[ExportMessage], source: str, observed_at: datetime | None = None) -> Iterator[Report]:
    """The messages as reports of a source; what has no time or number is left out.

    Args:
        messages: of one export.
        source: id under which they are kept.
        observed_at: when they were brought in; for a replay, `None` takes each message's own time.
    """
    for message in messages:
        if message.problem or message.message_id is None or message.published_at is None:
            continue
        origin = f"telegram-export:{message.channel or source}"
        yield Report(
            source=source,
            origin=origin,
            key=str(message.message_id),
            text=message.text,
            published_at=message.published_at,
            observed_at=observed_at or message.published_at,
            edited=message.edited,
            edited_at=message.edited_at,
            forwarded_from=f"telegram-name:{message.forwarded_name}" if message.forwarded_name else None,
            reply_to=str(message.reply_to) if message.reply_to is not None else None,
            media=message.media,
            is_service=message.is_service,
        )
