"""Packets are read as they are, forged so that they can be read, and paired to tell what became of them."""

import ssl

import pytest

from tests.lab.packets import ACK, RST, SYN, TCP, UDP, Packet, forged, host_header, read, server_name, told
from tests.lab.proxying import beside
from tests.lab.stories import STORIES
from tests.lab.watch import Seen, passages

PACKETS = [
    Packet("11.1.1.2", "11.9.8.8", UDP, 40000, 53, payload=b"question"),
    Packet("11.9.1.10", "11.1.1.2", TCP, 443, 40000, SYN | ACK, 1000, 7, b""),
    Packet("11.9.1.10", "11.1.1.2", TCP, 443, 40000, RST, 2**32 - 1, 0, b"odd"),
]


@pytest.mark.parametrize("packet", PACKETS, ids=["udp", "tcp", "odd length"])
def test_a_forged_packet_reads_as_it_was_meant(packet: Packet) -> None:
    assert read(forged(packet)) == packet


@pytest.mark.parametrize("data", [b"", b"\x45", b"\x45" + b"\0" * 18, b"\x60" + b"\0" * 20, b"\xff" * 60])
def test_bytes_that_are_no_packet_are_none_or_harmless(data: bytes) -> None:
    packet = read(data)

    assert packet is None or told(packet)


def client_hello(name: str) -> bytes:
    out = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return out.read()


def test_the_server_name_is_found_in_a_client_hello() -> None:
    assert server_name(client_hello("news.example")) == "news.example"


def test_there_is_no_server_name_where_none_was_sent_or_the_bytes_are_cut() -> None:
    hello = client_hello("news.example")

    assert server_name(b"GET / HTTP/1.1\r\n\r\n") is None
    assert {server_name(hello[:length]) for length in range(60)} == {None}


def test_the_host_of_a_request_is_found() -> None:
    assert host_header(b"GET / HTTP/1.1\r\nAccept: */*\r\nHOST: news.example\r\n\r\n") == "news.example"


QUESTION, FORGERY = PACKETS[0], PACKETS[2]


def test_a_packet_that_comes_in_and_goes_out_passed() -> None:
    (passage,) = passages([Seen(1.0, "op-alpha", False, QUESTION), Seen(1.5, "abroad", True, QUESTION)])

    assert (passage.fate, passage.operator, passage.waited_seconds) == ("passed", "alpha", 0.5)


def test_a_packet_that_only_comes_in_was_dropped_and_one_that_only_goes_out_was_made() -> None:
    dropped, made = passages([Seen(1.0, "op-alpha", False, QUESTION), Seen(1.1, "op-alpha", True, FORGERY)])

    assert (dropped.fate, made.fate) == ("dropped", "made here")


def test_a_packet_sent_twice_and_passed_once_was_dropped_once() -> None:
    seen = [
        Seen(1.0, "op-alpha", False, QUESTION),
        Seen(2.0, "op-alpha", False, QUESTION),
        Seen(2.1, "abroad", True, QUESTION),
    ]

    assert sorted(passage.fate for passage in passages(seen)) == ["dropped", "passed"]


def packet_to(target: str) -> dict[str, str]:
    return {"source": "11.1.1.2:40000", "target": target, "says": "DNS asks news.example A"}


def test_a_packet_beside_the_proxy_is_wrong() -> None:
    fetches = [{"url": "https://news.example/", "outcome": "200"}]
    to_proxy, to_resolver = packet_to("11.9.5.5:1080"), packet_to("11.1.0.53:53")

    assert beside(STORIES["proxy-up"], fetches, [to_proxy]) == []
    assert len(beside(STORIES["proxy-up"], fetches, [to_proxy, to_resolver])) == 1


def test_a_page_that_comes_though_the_proxy_is_down_is_wrong() -> None:
    assert beside(STORIES["proxy-down"], [{"url": "https://news.example/", "outcome": "200"}], [])
