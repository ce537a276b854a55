"""Telegram without an account: preview pages of three layouts, exports with their defects, and what a channel does over time."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from collectors.base import Access, Answer
from collectors.posts import BadLine, read_posts
from collectors.telegram_export_parse import ExportError, parse_export
from collectors.telegram_preview import Collector
from collectors.telegram_preview_parse import parse_preview
from collectors.telegram_records import message_record
from monitor.domain.errors import AccessDeniedError
from monitor.domain.reports import Deletion, Report
from monitor.domain.sources import Source
from monitor.runtime.clock import SimulatedClock


def post(number: int, text: str = "Текст", *, inner: str = "", meta: str = "", extra: str = "") -> str:
    body = f'<div class="tgme_widget_message_text js-message_text" dir="auto">{text}</div>' if text else ""
    return (
        f'<div class="tgme_widget_message_wrap"><div class="tgme_widget_message js-widget_message {extra}" data-post="kanal/{number}">'
        f'<div class="tgme_widget_message_bubble">{inner}{body}<div class="tgme_widget_message_footer"><div class="tgme_widget_message_info">'
        f'<span class="tgme_widget_message_views">1.2K</span><span class="tgme_widget_message_meta">{meta}<a class="tgme_widget_message_date" '
        f'href="https://t.me/kanal/{number}"><time datetime="2022-01-05T10:00:00+06:00" class="time">10:00</time></a></span></div></div></div></div></div>'
    )


def page(*posts: str, before: int | None = None) -> bytes:
    more = f'<a class="tme_messages_more js-messages_more" data-before="{before}"></a>' if before else ""
    return f'<html><body><main class="tgme_main"><section class="tgme_channel_history">{more}{"".join(posts)}</section></main></body></html>'.encode()


def record(block: str) -> dict[str, object]:
    (message,) = parse_preview(page(block)).messages
    return message_record(message)


def test_a_post_is_read() -> None:
    found = record(post(7, "Раз<br/>два <a href='?q=%23x'>#тег</a> <i class='emoji'><b>🔥</b></i>"))
    assert found == {
        "channel": "kanal", "message_id": 7, "published_at": "2022-01-05T04:00:00Z", "edited": False, "text": "Раз\nдва #тег 🔥",
        "views": 1200, "forwarded_from": None, "reply_to": None, "media": [],
    }  # fmt: skip


def test_edits_forwards_and_replies_are_told() -> None:
    inner = (
        '<div class="tgme_widget_message_forwarded_from">Forwarded from <a class="tgme_widget_message_forwarded_from_name" href="https://t.me/other/5">Другой</a></div>'
        '<a class="tgme_widget_message_reply" href="https://t.me/kanal/3"><div class="tgme_widget_message_text js-message_reply_text">цитата</div></a>'
    )
    found = record(post(7, inner=inner, meta="edited "))
    assert (found["edited"], found["forwarded_from"], found["reply_to"], found["text"]) == (True, "Другой", 3, "Текст")


@pytest.mark.parametrize(
    ("inner", "kind"),
    [
        ('<a class="tgme_widget_message_photo_wrap" style="background-image:url(x)"></a>', "photo"),
        ('<a class="tgme_widget_message_video_player"><time class="message_video_duration">0:31</time></a>', "video"),
        ('<a class="tgme_widget_message_voice_player"></a>', "voice"),
        (
            '<a class="tgme_widget_message_document_wrap"><div class="tgme_widget_message_document_title">a.pdf</div></a>',
            "document",
        ),
        (
            '<a class="tgme_widget_message_location_wrap" href="https://maps.google.com/maps?q=43.2,76.9"></a>',
            "location",
        ),
        (
            '<div class="media_supported_cont"></div><div class="message_media_not_supported"><div class="message_media_not_supported_label">x</div></div>',
            "unsupported",
        ),
    ],
)
def test_media_are_told_by_kind(inner: str, kind: str) -> None:
    media = record(post(7, "", inner=inner))["media"]
    assert [entry["kind"] for entry in media] == [kind]  # type: ignore[attr-defined]


def test_the_hidden_copy_of_2026_means_nothing() -> None:
    hidden = '<div class="media_not_supported_cont"><div class="message_media_not_supported"><div class="message_media_not_supported_label">Please open Telegram</div></div></div>'
    assert record(post(7, inner=hidden))["media"] == []


def test_a_poll_is_told_with_its_options() -> None:
    poll = (
        '<div class="tgme_widget_message_poll"><div class="tgme_widget_message_poll_question">Да?</div><div class="tgme_widget_message_poll_type">Anonymous Poll</div>'
        '<div class="tgme_widget_message_poll_option"><div class="tgme_widget_message_poll_option_percent">60%</div><div class="tgme_widget_message_poll_option_text">Да</div></div></div>'
    )
    (media,) = record(post(7, "", inner=poll))["media"]  # type: ignore[misc]
    assert (media["question"], media["options"]) == ("Да?", [{"text": "Да", "percent": 60}])


def test_a_landing_page_is_no_empty_channel() -> None:
    assert (
        parse_preview(
            b'<html><body><div class="tgme_page"><div class="tgme_page_title">X</div></div></body></html>'
        ).problem
        == "no preview"
    )


class Pages:
    """An HTTP layer that plays pages."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies = list(bodies)
        self.asked: list[str] = []

    async def get(self, url: str, **_: object) -> Answer:
        self.asked.append(url)
        return Answer(status=200, headers={}, body=self.bodies.pop(0), url=url)


class Here:
    """Workers that parse in place."""

    async def run(self, function: str, *arguments: object) -> object:
        return parse_preview(arguments[0])  # type: ignore[arg-type]


async def rounds(
    clock: SimulatedClock, pages: Sequence[bytes], cursor: str | None
) -> tuple[list[object], str | None, Pages]:
    played = Pages(*pages)
    source = Source(id="k", kind="telegram_preview", name="K", owner="k", settings={"channel": "kanal"})
    items = [item async for item in Collector(source, Access(clock=clock, http=played, workers=Here()), cursor).items()]  # type: ignore[arg-type]
    return [item.content for item in items if item.content], items[-1].cursor, played


async def test_a_channel_is_followed_back_to_its_cursor(clock: SimulatedClock) -> None:
    first, cursor, _ = await rounds(clock, [page(post(1), post(2))], None)
    assert [found.key for found in first if isinstance(found, Report)] == ["1", "2"]
    later, cursor, played = await rounds(
        clock, [page(post(5), post(6), before=5), page(post(2), post(3), post(4), before=2)], cursor
    )
    assert [found.key for found in later if isinstance(found, Report)] == ["3", "4", "5", "6"]
    assert played.asked[1].endswith("?before=5")


async def test_edits_and_deletions_are_seen(clock: SimulatedClock) -> None:
    _, cursor, _ = await rounds(clock, [page(post(1), post(2), post(3))], None)
    edited, cursor, _ = await rounds(clock, [page(post(1), post(3, "Исправлено"))], cursor)
    assert [(found.key, found.edited) for found in edited if isinstance(found, Report)] == [("3", True)]
    gone, _, _ = await rounds(clock, [page(post(1), post(3, "Исправлено"))], cursor)
    assert [found.key for found in gone if isinstance(found, Deletion)] == ["2"]


async def test_a_preview_switched_off_is_a_state(clock: SimulatedClock) -> None:
    with pytest.raises(AccessDeniedError, match="switched off"):
        await rounds(clock, [b"<html><div class='tgme_page'></div></html>"], None)


EXPORT = {
    "name": "Канал",
    "type": "public_channel",
    "id": 1,
    "messages": [
        {"id": 5, "type": "message", "date": "2022-01-05T10:00:00", "text": ["a", {"type": "bold", "text": "b"}]}
    ],
}


def test_an_export_without_utc_asks_for_its_zone() -> None:
    (message,) = parse_export(json.dumps(EXPORT).encode())
    assert (message.needs_zone, message.published_at, message.text) == (True, None, "ab")
    (message,) = parse_export(json.dumps(EXPORT).encode(), "Asia/Almaty")
    assert message.published_at == datetime(2022, 1, 5, 4, tzinfo=UTC)


def test_the_exporters_own_escapes_are_repaired() -> None:
    body = json.dumps({**EXPORT, "messages": [{"id": 5, "date_unixtime": "1641355200", "text": "AA"}]}).replace(
        "AA", "a\\x0Bb \\\\x41"
    )
    assert parse_export(body.encode())[0].text == "a\x0bb \\x41"


def test_people_are_not_kept_from_exports() -> None:
    chats = {"chats": {"list": [{**EXPORT, "type": "personal_chat", "name": "Имя Фамилия"}]}}
    chats["chats"]["list"][0]["messages"] = [
        {"id": 1, "date_unixtime": "1641355200", "text": "x", "forwarded_from": "Имя", "forwarded_from_id": "user5"}
    ]
    (message,) = parse_export(json.dumps(chats).encode())
    assert (message.channel, message.forwarded_name) == ("chat 1", None)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'{"messages": 5}'])
def test_what_is_no_export_says_so(body: bytes) -> None:
    with pytest.raises(ExportError):
        parse_export(body)


def test_bad_lines_cost_themselves_alone() -> None:
    lines = ['{"id":1,"text":"a","date":"2022-01-05T10:00:00+06:00"}', "{", '{"text":"b"}', "5"]
    found = list(read_posts(lines, "f"))
    assert [entry.number for entry in found if isinstance(entry, BadLine)] == [2, 3, 4]
