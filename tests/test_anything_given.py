"""Anything that people, servers or agents may hand us: an answer or a clear error, never a crash. Every kept case is here."""

import contextlib
import gzip
import json
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.feed_parse import FeedError, parse_feed
from collectors.page_parse import parse_page
from collectors.posts import read_posts
from collectors.telegram_export_parse import ExportError, parse_export
from collectors.telegram_preview_parse import parse_preview
from monitor.configuration import load_configuration
from monitor.documents import DocumentError, read_document
from monitor.domain.series import read_key, series_key
from monitor.read.reader import Reader
from monitor.store.series_columns import Columns, DamagedError, unpacked
from monitor.web.questions import BadQuestionError, question

MANY = settings(
    max_examples=200, deadline=1000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
MARKUP = st.lists(
    st.sampled_from(
        ["<rss>", "<channel>", "<item>", "</item>", "<title>", "</title>", "<![CDATA[", "]]>", "&amp;", "&#0;", "&#xd800;", "<?xml", "?>",
         "<entry>", "<link href='x'/>", "<pubDate>5 января 2022</pubDate>", "<!DOCTYPE", "<!--", "-->", "{", '"items":[', "}", "]", "\x00",
         "<div class='tgme_widget_message' data-post='a/1'>", "<div class='tgme_widget_message_text'>", "</div>", "Алматы", "\ud800", "🙂"]
    ) | st.text(max_size=20),
    max_size=60,
).map("".join)  # fmt: skip
BYTES = st.binary(max_size=2000) | MARKUP.map(lambda text: text.encode("utf-8", "surrogatepass")) | MARKUP.map(
    lambda text: text.encode("utf-16", "surrogatepass")
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(
        st.sampled_from(["messages", "id", "type", "text", "date", "date_unixtime", "name", "chats", "list", "from", "edited", "media_type",
                         "poll", "text_entities", "reply_to_message_id", "forwarded_from"]), inner, max_size=8),
    max_leaves=30,
)  # fmt: skip


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_configuration(None).reading.reader


@MANY
@given(BYTES)
def test_bytes_given_as_a_feed(body: bytes) -> None:
    with contextlib.suppress(FeedError, ValueError):
        parse_feed(body)


@MANY
@given(BYTES, st.sampled_from([None, "li", "div.tgme_widget_message"]))
def test_bytes_given_as_a_page(body: bytes, entry: str | None) -> None:
    with contextlib.suppress(FeedError):
        parse_page(body, None, "https://example.kz/", entry)


@MANY
@given(BYTES)
def test_bytes_given_as_a_preview(body: bytes) -> None:
    with contextlib.suppress(ValueError):
        parse_preview(body)


@MANY
@given(JSON)
def test_json_given_as_an_export(data: object) -> None:
    with contextlib.suppress(ExportError):
        parse_export(json.dumps(data).encode(), None)
    with contextlib.suppress(ExportError):
        parse_export(
            json.dumps({"name": "x", "id": 1, "type": "public_channel", "messages": data}).encode(), "Asia/Almaty"
        )


@MANY
@given(st.lists(JSON.map(json.dumps) | st.text(max_size=50), max_size=5))
def test_lines_given_as_posts(lines: list[str]) -> None:
    for _ in read_posts(lines, "given"):
        pass


@MANY
@given(st.text(max_size=300) | MARKUP)
def test_text_given_to_the_reader(reader: Reader, text: str) -> None:
    for finding in reader.read(text, None, None).findings:
        for hit in finding.because:
            assert text[hit.start : hit.end] == hit.words


@MANY
@given(st.text(max_size=200) | MARKUP)
def test_text_given_as_configuration(text: str) -> None:
    with contextlib.suppress(DocumentError):
        read_document(text.encode("utf-8", "replace").decode())


@MANY
@given(
    st.dictionaries(
        st.sampled_from(["region", "kind", "since", "until", "limit", "open", "source", "x"]), st.text(max_size=30)
    )
)
def test_words_given_as_a_question(asked: dict[str, str]) -> None:
    with contextlib.suppress(BadQuestionError):
        question(asked)


@MANY
@given(st.binary(max_size=500))
def test_bytes_given_as_packed_columns(data: bytes) -> None:
    with contextlib.suppress(DamagedError):
        unpacked(data)
    whole = Columns.of([1, 2], [3, 4], [0.5, None], [None, 1.0], ["a", None]).packed()
    with contextlib.suppress(DamagedError):
        unpacked(whole[: len(data)] + data)


@MANY
@given(
    st.text(min_size=1, max_size=30),
    st.dictionaries(st.text(string.ascii_lowercase, min_size=1, max_size=8), st.text(max_size=30), max_size=4),
)
def test_a_key_of_a_series_is_refused_or_comes_back_as_it_was(measurement: str, tags: dict[str, str]) -> None:
    try:
        key = series_key(measurement, **tags)
    except (ValueError, TypeError):
        return
    assert read_key(key) == (measurement, {name: value for name, value in tags.items() if value})


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b"<rss>", mtime=0),
        b"\x00" * 100,
        "\ufeff<rss/>".encode(),
        b"[" * 5000,
        b"<" * 5000,
        b'{"chats": {"list": null}}',
    ],
)
def test_kept_cases(body: bytes) -> None:
    for parse in (parse_feed, parse_preview, lambda given: parse_export(given, None)):
        with contextlib.suppress(ValueError, ExportError):
            parse(body)
