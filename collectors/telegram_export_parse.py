r"""Telegram Desktop exports (result.json): one chat, or a full export with many. PURE.

The exporter writes control characters as `\\x0B`, which is not JSON, and before 2021 no UTC times; both are handled. Names
of private persons are never kept: forwards keep channels only, and personal chats name nobody.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from monitor.domain.moments import from_unix, utc
from monitor.domain.reports import Media

MAX_BYTES: Final = 512 * 1024 * 1024
_ESCAPES = re.compile(r"\\(?:[\"\\/bfnrt]|u[0-9a-fA-F]{4}|x([0-9a-fA-F]{2})|(.)|$)", re.DOTALL)
_PUBLIC: Final = ("channel", "supergroup", "group")
_MEDIA_KEYS: Final = (
    ("photo", "photo"), ("sticker_emoji", "sticker"), ("poll", "poll"), ("location_information", "location"),
    ("contact_information", "contact"), ("game_title", "game"), ("invoice_information", "invoice"),
)  # fmt: skip


class ExportError(ValueError):
    """Not an export that can be read; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportMessage:
    """One message of an export.

    Attributes:
        published_at: `None` where the export names no time, or a local one and no zone was given (`needs_zone`).
        problem: what could not be read of it; the rest is empty then.
    """

    channel: str | None
    message_id: int | None
    published_at: datetime | None = None
    edited: bool = False
    edited_at: datetime | None = None
    text: str = ""
    views: int | None = None
    forwarded_name: str | None = None
    reply_to: int | None = None
    media: tuple[Media, ...] = ()
    is_service: bool = False
    needs_zone: bool = False
    problem: str | None = None


def parse_export(body: bytes, zone: str | None = None) -> list[ExportMessage]:
    """Every message of the export, in its order.

    Args:
        body: the file.
        zone: IANA zone of the exporting machine, for exports without UTC times.

    Raises:
        ExportError: not JSON, not an export, or larger than `MAX_BYTES`.
    """
    if len(body) > MAX_BYTES:
        raise ExportError(f"larger than {MAX_BYTES // 2**20} MiB: export fewer chats at once")
    data = _loaded(body)
    chats = list(_chats(data))
    if not chats:
        raise ExportError("not a Telegram Desktop export: it has neither messages nor chats")
    return [message for chat in chats for message in _messages(chat, zone)]


def _loaded(body: bytes) -> Any:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExportError(f"not UTF-8 at byte {error.start}") from None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(repaired(text), strict=False)
    except json.JSONDecodeError as error:
        raise ExportError(f"not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError) as error:
        raise ExportError(f"not JSON: {str(error)[:100]}") from None


def repaired(text: str) -> str:
    r"""The text with `\x0B` as `\u000b`; an escaped backslash before an x stays what it is."""

    def mend(found: re.Match[str]) -> str:
        if found.group(1):
            return f"\\u00{found.group(1)}"
        return f"\\\\{found.group(2)}" if found.group(2) else found.group()

    return _ESCAPES.sub(mend, text)


def _chats(data: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(data, dict):
        return
    if isinstance(data.get("messages"), list):
        yield data
    for key in ("chats", "left_chats"):
        holder = data.get(key)
        found = holder.get("list") if isinstance(holder, dict) else None
        for chat in found if isinstance(found, list) else ():
            if isinstance(chat, dict) and isinstance(chat.get("messages"), list):
                yield chat


def _messages(chat: dict[str, Any], zone: str | None) -> Iterator[ExportMessage]:
    channel = _channel(chat)
    for entry in chat["messages"]:
        if not isinstance(entry, dict):
            yield ExportMessage(channel=channel, message_id=None, problem="a message is not an object")
            continue
        try:
            yield _message(channel, entry, zone)
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            number = entry.get("id") if isinstance(entry.get("id"), int) else None
            yield ExportMessage(channel=channel, message_id=number, problem=f"message {number}: {error}")


def _channel(chat: dict[str, Any]) -> str | None:
    """The chat's name; personal chats are named by their number only."""
    kind = str(chat.get("type", ""))
    if any(word in kind for word in _PUBLIC) and isinstance(chat.get("name"), str):
        return str(chat["name"])
    return f"chat {chat['id']}" if chat.get("id") is not None else None


def _message(channel: str | None, entry: dict[str, Any], zone: str | None) -> ExportMessage:
    edited_at = _time(entry, "edited", zone)
    return ExportMessage(
        channel=channel,
        message_id=int(entry["id"]),
        published_at=_time(entry, "date", zone),
        edited=edited_at is not None,
        edited_at=edited_at,
        text=_text(entry) or _service_words(entry),
        forwarded_name=_forwarded(entry),
        reply_to=entry["reply_to_message_id"] if isinstance(entry.get("reply_to_message_id"), int) else None,
        media=_media(entry),
        is_service=entry.get("type") == "service",
        needs_zone=zone is None and not entry.get("date_unixtime") and isinstance(entry.get("date"), str),
    )


def _time(entry: dict[str, Any], key: str, zone: str | None) -> datetime | None:
    stamp = entry.get(f"{key}_unixtime")
    if stamp not in {None, ""}:
        moment = from_unix(int(str(stamp)))
        return moment if moment.year > 1970 else None
    written = entry.get(key)
    if not isinstance(written, str) or written.startswith("1970-01-01"):
        return None
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is not None:
        return utc(moment)
    if zone is None:
        return None
    return utc(moment.replace(tzinfo=ZoneInfo(zone)))


def _text(entry: dict[str, Any]) -> str:
    pieces = entry.get("text")
    if isinstance(pieces, str) and pieces:
        return pieces
    if not isinstance(pieces, list) or not pieces:
        pieces = entry.get("text_entities")
    if not isinstance(pieces, list):
        return ""
    return "".join(
        piece if isinstance(piece, str) else str(piece.get("text", ""))
        for piece in pieces
        if isinstance(piece, (str, dict))
    )


def _service_words(entry: dict[str, Any]) -> str:
    """A service message's action; who acted is not kept."""
    if entry.get("type") != "service":
        return ""
    action = str(entry.get("action", "")).replace("_", " ")
    title = entry.get("title")
    return f"{action}: {title}" if isinstance(title, str) and title else action


def _forwarded(entry: dict[str, Any]) -> str | None:
    """The origin of a forward where it is a channel; people are not kept."""
    name, number = entry.get("forwarded_from"), str(entry.get("forwarded_from_id") or "")
    if number.startswith("user") or not isinstance(name, str) or not name:
        return None
    return name


def _media(entry: dict[str, Any]) -> tuple[Media, ...]:
    found: list[Media] = []
    if "media_type" in entry or "file" in entry:
        sort = str(entry.get("media_type", "document"))
        kind = {"video_file": "video", "animation": "animation", "voice_message": "voice", "audio_file": "audio",
                "video_message": "roundvideo", "sticker": "sticker"}.get(sort, "document")  # fmt: skip
        facts = {key: entry[key] for key in ("duration_seconds", "mime_type") if isinstance(entry.get(key), (int, str))}
        found.append(Media(kind, facts))
    for key, kind in _MEDIA_KEYS:
        if key in entry and kind not in {media.kind for media in found}:
            found.append(Media(kind, _facts(kind, entry[key])))
    if entry.get("type") == "unsupported":
        found.append(Media("unsupported", {}))
    return tuple(found)


def _facts(kind: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    if kind == "poll":
        given = value.get("answers")
        answers: list[Any] = given if isinstance(given, list) else []
        options = [
            {"text": str(answer.get("text", "")), "voters": answer.get("voters")}
            for answer in answers
            if isinstance(answer, dict)
        ]
        return {"question": str(value.get("question", "")), "options": options, "voters": value.get("total_voters")}
    if kind == "location":
        return {key: value[key] for key in ("latitude", "longitude") if isinstance(value.get(key), (int, float))}
    return {}
