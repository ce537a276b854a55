"""Feeds: whole and broken, in any charset; hostile ones in a worker that can be killed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.feed_dates import parse_date
from collectors.feed_parse import FeedError, parse_feed
from collectors.plain import plain_text
from collectors.workers import WorkerPool
from monitor.domain.errors import UnavailableError

ITEM = "<item><title>{t}</title><link>https://a.test/1</link><guid>1</guid><pubDate>Wed, 05 Jan 2022 10:00:00 +0600</pubDate><description>&lt;p&gt;Раз&lt;/p&gt;два</description></item>"


def rss(items: str, head: str = '<?xml version="1.0"?>') -> str:
    return f'{head}<rss version="2.0"><channel><title>Лента</title>{items}</channel></rss>'


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "koi8-r", "utf-16"])
def test_charsets_are_read_as_declared(charset: str) -> None:
    body = rss(ITEM.format(t="Митинг"), f'<?xml version="1.0" encoding="{charset}"?>').encode(charset)
    (entry,) = parse_feed(body).entries
    assert (entry.title, entry.text, entry.published_at) == ("Митинг", "Раз\nдва", datetime(2022, 1, 5, 4, tzinfo=UTC))


def test_a_wrong_declaration_does_not_matter() -> None:
    body = rss(ITEM.format(t="Задержания в Алматы"), '<?xml version="1.0" encoding="utf-8"?>').encode("windows-1251")
    assert parse_feed(body).entries[0].title == "Задержания в Алматы"


def test_a_truncated_feed_yields_its_complete_items() -> None:
    feed = parse_feed(rss(ITEM.format(t="Раз") * 5).encode()[:-150])
    assert len(feed.entries) == 4
    assert feed.problem is not None


@pytest.mark.parametrize("broken", ["R&D &nbsp; &unknown; news", "a < b", "tab\x0bed"])
def test_broken_text_is_mended(broken: str) -> None:
    assert len(parse_feed(rss(ITEM.format(t="ok") + ITEM.format(t=broken)).encode()).entries) == 2


def test_entities_are_never_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("S3CRET")
    head = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file://{secret}">]>'
    assert "S3CRET" not in str(parse_feed(rss(ITEM.format(t="&x;"), head).encode()))


@pytest.mark.parametrize("body", [b"", b"<!doctype html><html><body>no</body></html>", b"{}", b"plain"])
def test_what_is_no_feed_says_so(body: bytes) -> None:
    with pytest.raises(ValueError, match="."):
        parse_feed(body)


def test_atom_and_json_feeds_are_read() -> None:
    atom = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A</title><id>x</id><link href="/p" rel="alternate"/><updated>2022-01-05T10:00:00Z</updated></entry></feed>'
    entry = parse_feed(atom.encode(), url="https://a.test/feed").entries[0]
    assert (entry.id, entry.link) == ("x", "https://a.test/p")
    body = '{"version":"https://jsonfeed.org/version/1","items":[{"id":"1","content_html":"<b>Да</b>","url":"https://a.test/1"}]}'
    assert parse_feed(body.encode()).entries[0].text == "Да"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("5 января 2022, 14:30", datetime(2022, 1, 5, 14, 30, tzinfo=UTC)),
        ("2022 жылғы 5 қаңтар", datetime(2022, 1, 5, tzinfo=UTC)),
        ("Ср, 05 янв 2022 10:00:00 +0600", datetime(2022, 1, 5, 4, tzinfo=UTC)),
        ("2022-01-05T10:00:00+06:00", datetime(2022, 1, 5, 4, tzinfo=UTC)),
        ("Wed, 05 Jan 22 10:00 GMT", datetime(2022, 1, 5, 10, tzinfo=UTC)),
        ("05.01.2022 10:00", datetime(2022, 1, 5, 10, tzinfo=UTC)),
        ("nonsense", None),
    ],
)
def test_dates_are_read(text: str, moment: datetime | None) -> None:
    assert parse_date(text) == moment


def test_a_zone_is_taken_where_the_feed_names_none() -> None:
    assert parse_date("05.01.2022 10:00", "Asia/Almaty") == datetime(2022, 1, 5, 4, tzinfo=UTC)


def test_scripts_and_tags_leave_no_trace() -> None:
    assert plain_text("<p>Раз<br/>два<script>alert(1)</script></p><!-- x --> &amp; три") == "Раз\nдва\n& три"


@given(st.binary(max_size=400))
@settings(max_examples=150)
def test_no_bytes_break_the_parser(body: bytes) -> None:
    for wrapped in (body, b"<rss><channel><item><title>" + body + b"</title></item></channel></rss>"):
        try:
            parse_feed(wrapped)
        except ValueError:
            continue


HOSTILE = {
    "billion laughs": rss(
        ITEM.format(t="&l9;"),
        '<!DOCTYPE r [<!ENTITY l0 "lol">'
        + "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
        + "]>",
    ),
    "deep": rss("<a>" * 200_000 + "</a>" * 200_000),
    "attributes": rss("<item " + " ".join(f'a{i}="1"' for i in range(200_000)) + "/>"),
    "one giant item": rss(ITEM.format(t="Ж" * 6_000_000)),
    "many items": rss(ITEM.format(t="т" * 50) * 60_000),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_feeds_end_within_their_limits(name: str) -> None:
    pool = WorkerPool(count=1)
    try:
        feed = await pool.run("collectors.feed_parse:parse_feed", HOSTILE[name].encode())
        assert len(feed.entries) <= 1000
    except (FeedError, ValueError, UnavailableError) as error:
        assert str(error)
    finally:
        await pool.close()


async def test_only_parsers_run_in_workers() -> None:
    pool = WorkerPool()
    with pytest.raises(ValueError, match="not a parser"):
        await pool.run("os:system", "true")
    await pool.close()
