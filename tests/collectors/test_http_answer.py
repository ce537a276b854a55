"""HTTP answers in pieces: whatever a server sends, lengths are bounded and the failure has a name."""

import pytest

from collectors.probes.http_answer import HttpAnswer
from collectors.probes.pages import text_of, title_of
from monitor.domain.measurements import Failure

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"


def read(data: bytes, piece: int, limit: int = 1000) -> HttpAnswer:
    answer = HttpAnswer(limit)
    for start in range(0, len(data), piece):
        if not answer.complete:
            answer.feed(data[start : start + piece])
    if not answer.complete:
        answer.end()
    return answer


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    ("data", "status", "body", "failure", "truncated"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello", None, False),
        (b"HTTP/1.0 200 OK\r\n\r\nhello", 200, b"hello", None, False),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, b"", None, False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", None, False),
        (CHUNKED, 200, b"hello world", None, False),
        (CHUNKED[:-10], 200, b"hello wo", Failure.EOF, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 200, b"hello", Failure.EOF, True),
        (b"HTTP/1.1 200", None, b"", Failure.EOF, False),
        (b"", None, b"", Failure.EOF, False),
        (b"SSH-2.0-x\r\n\r\n", None, b"", Failure.HTTP_REQUEST_FAILED, False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 200, b"", Failure.HTTP_REQUEST_FAILED, False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000, 200, b"x" * 2000, None, True),
    ],
)
def test_an_answer_is_the_same_however_it_is_cut(
    data: bytes, status: int | None, body: bytes, failure: Failure | None, truncated: bool, piece: int
) -> None:
    answer = read(data, piece)
    assert (answer.status, answer.failure, answer.truncated) == (status, failure, truncated)
    assert answer.complete
    if len(body) < 1000:
        assert (bytes(answer.body), answer.length_bytes) == (body, len(body))
    else:
        assert 1000 <= answer.length_bytes <= 2000


def test_a_head_without_end_and_a_body_without_end_stop_at_their_limits() -> None:
    assert read(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000, 4096).failure is Failure.HTTP_REQUEST_FAILED
    endless = read(b"HTTP/1.1 200 OK\r\n\r\n" + b"z" * 1_000_000, 4096, limit=200_000)
    assert (endless.truncated, endless.failure, len(endless.body)) == (True, None, 65_536)
    assert endless.length_bytes < 210_000


@pytest.mark.parametrize(
    ("body", "kind", "title"),
    [
        ("<title>Новости &amp; погода</title>".encode(), "text/html; charset=utf-8", "Новости & погода"),
        ("<title>Новости</title>".encode("cp1251"), "text/html; charset=windows-1251", "Новости"),
        ("<title>Новости</title>".encode("cp1251"), "text/html", "Новости"),
        ("<meta charset='windows-1251'><title>Бет</title>".encode("cp1251"), "", "Бет"),
        (b"<TITLE lang=ru>\n A \n b </TITLE>", "text/html; charset=nonsense", "A b"),
        (b"\xff\xfe\x00", "text/html; charset=utf-16", None),
        (b"<title></title>", "", None),
        ("İİİ<title>Ana sayfa</title>".encode(), "", "Ana sayfa"),
    ],
)
def test_a_title_is_read_out_of_whatever_charset_there_is(body: bytes, kind: str, title: str | None) -> None:
    assert title_of(text_of(body, kind)) == title
