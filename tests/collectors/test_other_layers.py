"""QUIC by aioquic's own server, ICMP where the machine allows it, certificates that are broken."""

import asyncio
import socket
import warnings
from pathlib import Path
from typing import Any

import pytest

from collectors.addresses import networks
from collectors.probes import ping
from collectors.probes.certificates import certificate_of
from collectors.probes.prober import Prober
from collectors.probes.resolve import system_resolvers
from collectors.probes.settings import ProberSettings
from monitor.detect.verdict import judge
from monitor.domain.measurements import Failure, State, Vantage
from monitor.domain.targets import Target
from monitor.runtime.clock import SystemClock
from tests.collectors.test_prober import HERE
from tests.fakes.certificates import HONEST, UNKNOWN, Authority
from tests.fakes.farm import HOST, SITE


async def quic_server(place: Path, authority: Authority, host: str) -> tuple[Any, int]:
    serving = pytest.importorskip("aioquic.asyncio.server")
    configuration = pytest.importorskip("aioquic.quic.configuration").QuicConfiguration
    pem = authority.issue(place / "quic.pem", host)
    wanted = configuration(is_client=False, alpn_protocols=["h3"])
    wanted.load_cert_chain(pem, pem)
    server = await serving.serve(HOST, 0, configuration=wanted)
    return server, server._transport.get_extra_info("sockname")[1]


@pytest.mark.parametrize(
    ("signed_by", "host", "failure"),
    [
        ("honest", SITE, None),
        ("honest", "other.test", Failure.SSL_INVALID_HOSTNAME),
        ("unknown", SITE, Failure.SSL_INVALID_CERTIFICATE),
    ],
)
async def test_a_quic_handshake_is_a_step_of_its_own(
    tmp_path: Path, signed_by: str, host: str, failure: Failure | None
) -> None:
    honest = Authority(HONEST)
    roots = str(honest.root(tmp_path / "root.pem"))
    server, port = await quic_server(tmp_path, honest if signed_by == "honest" else Authority(UNKNOWN), host)
    prober = Prober(ProberSettings(roots=roots, tls_seconds=2, allowed=networks(["127.0.0.0/8"])), SystemClock())
    found = await prober.measure(Target(id="q", url=f"quic://{SITE}:{port}"), HERE, addresses=[HOST])
    server.close()
    assert [(step.layer, step.failure) for step in found.steps] == [("quic", failure)]
    assert judge(found).state is (State.OK if failure is None else State.INSUFFICIENT)
    for _ in range(3):
        await asyncio.sleep(0)


async def test_quic_that_nobody_answers_times_out() -> None:
    pytest.importorskip("aioquic")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind((HOST, 0))
        port = deaf.getsockname()[1]
        prober = Prober(ProberSettings(tls_seconds=0.2, allowed=networks(["127.0.0.0/8"])), SystemClock())
        found = await prober.measure(Target(id="q", url=f"quic://{SITE}:{port}"), HERE, addresses=[HOST])
    assert found.steps[0].failure is Failure.TIMEOUT


async def test_echoes_come_back_or_the_machine_says_no() -> None:
    step = await ping.ping(HOST, SystemClock(), echoes=2)
    if step.failure is Failure.PERMISSION_DENIED:
        assert step.round_trips_seconds == ()
    else:
        assert (step.failure, len(step.round_trips_seconds)) == (None, 2)


@pytest.mark.parametrize("der", [b"", b"\x30\x03\x02\x01\x05", b"\x30\x82" + b"\xff" * 5000, b"x" * 100_000])
def test_a_broken_certificate_is_still_known_by_its_digest(der: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = certificate_of(der)
    assert (found.subject, found.issuer, len(found.sha256)) == ("", "", 64)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# made\nsearch x\nnameserver 10.0.0.1\nnameserver 2001:db8::1\n", ("10.0.0.1", "2001:db8::1")),
        ("nameserver\nnameserver nonsense\noptions edns0\nnameserver fe80::1%eth0 # x\n", ("fe80::1%eth0",)),
        (None, ()),
    ],
)
def test_the_machines_resolvers_are_read_from_its_file(
    tmp_path: Path, text: str | None, found: tuple[str, ...]
) -> None:
    file = tmp_path / "resolv.conf"
    if text is not None:
        file.write_text(text)
    assert system_resolvers(file) == found


def test_a_vantage_is_never_more_than_region_and_network() -> None:
    assert set(Vantage.__slots__) == {"id", "asn", "operator", "region", "access"}
