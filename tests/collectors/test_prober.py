"""The prober against a farm of servers with known truth: every failure gets its name, and every name its verdict."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from collectors.addresses import ForbiddenAddressError, networks
from collectors.probes.link import check_link
from collectors.probes.prober import Prober
from collectors.probes.settings import ProberSettings, trusting
from monitor.detect.control import control_of
from monitor.detect.verdict import judge
from monitor.domain.measurements import (
    Access,
    DnsStep,
    Failure,
    HttpStep,
    Link,
    Measurement,
    State,
    TcpStep,
    ThroughputStep,
    TlsStep,
    Vantage,
    measurement_from_json,
    measurement_json,
)
from monitor.domain.targets import ControlHost, Target
from monitor.runtime.clock import SystemClock
from tests.fakes.farm import HOST, PAGE, SITE, Farm, farm

HERE = Vantage(id="almaty-1", asn=9198, region="KZ-75")
OUTSIDE = Vantage(id="outside", access=Access.OUTSIDE)


@pytest_asyncio.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Farm]:
    async with farm(tmp_path) as made:
        yield made


def prober(servers: Farm, **changes: object) -> Prober:
    settings = ProberSettings(
        attempts=1,
        dns_seconds=0.4,
        tcp_seconds=0.4,
        tls_seconds=0.4,
        http_seconds=0.4,
        late_seconds=0.1,
        allowed=networks(["127.0.0.0/8"]),
        trusted=trusting(servers.roots),
    )
    return Prober(replace(settings, **changes), SystemClock())  # type: ignore[arg-type]


async def measured(
    servers: Farm, kind: str, path: str = "/", scheme: str | None = None, **changes: object
) -> Measurement:
    scheme = scheme or ("https" if kind.startswith("tls") else "http")
    target = Target(id="site", url=f"{scheme}://{SITE}:{await servers.port(kind)}{path}")
    return await prober(servers, **changes).measure(target, HERE, addresses=[HOST])


async def judged_beside_a_good_control(servers: Farm, found: Measurement) -> tuple[State, str | None]:
    good = "tls_ok" if found.url.startswith("https") else "ok"
    target = Target(id="site", url=f"{found.url.partition(':')[0]}://{SITE}:{await servers.port(good)}/")
    control = await prober(servers).measure(target, OUTSIDE, addresses=[HOST])
    verdict = judge(replace(found, control=control_of(control)))
    return verdict.state, verdict.mechanism


@pytest.mark.parametrize(
    ("kind", "failure", "state", "mechanism"),
    [
        ("ok", None, State.OK, None),
        ("chunked", None, State.OK, None),
        ("slow", None, State.OK, None),
        ("451", None, State.BLOCKED, "http.blockpage"),
        ("block", None, State.BLOCKED, "http.blockpage"),
        ("differs", None, State.INSUFFICIENT, None),
        ("hang", Failure.TIMEOUT, State.BLOCKED, "http.timeout"),
        ("reset", Failure.CONNECTION_RESET, State.BLOCKED, "http.reset.host"),
        ("eof", Failure.EOF, State.BLOCKED, "http.reset"),
        ("truncated", Failure.EOF, State.BLOCKED, "http.reset"),
        ("drip", Failure.TIMEOUT, State.BLOCKED, "http.throttle"),
        ("refused", Failure.CONNECTION_REFUSED, State.BLOCKED, "tcp.refused"),
        ("nowhere", Failure.HTTP_INVALID_REDIRECT, State.BLOCKED, "http.redirect"),
        ("nonsense", Failure.HTTP_REQUEST_FAILED, State.BLOCKED, "http"),
        ("tls_ok", None, State.OK, None),
        ("tls_name", Failure.SSL_INVALID_HOSTNAME, State.BLOCKED, "tls.mitm"),
        ("tls_expired", Failure.SSL_INVALID_CERTIFICATE, State.BLOCKED, "tls.mitm"),
        ("tls_unknown", Failure.SSL_UNKNOWN_AUTHORITY, State.BLOCKED, "tls.mitm"),
        ("tls_state", Failure.SSL_UNKNOWN_AUTHORITY, State.BLOCKED, "tls.mitm"),
        ("tls_reset", Failure.CONNECTION_RESET, State.BLOCKED, "tls.reset"),
        ("tls_hang", Failure.TIMEOUT, State.BLOCKED, "tls.timeout"),
    ],
)
async def test_every_failure_gets_its_name_and_its_verdict(
    servers: Farm, kind: str, failure: Failure | None, state: State, mechanism: str | None
) -> None:
    found = await measured(servers, kind)
    last = [step for step in found.steps if not (isinstance(step, TlsStep) and step.sni != SITE)]
    failed = [step.failure for step in last if step.failure]
    assert failed[:1] == ([failure] if failure else [])
    assert await judged_beside_a_good_control(servers, found) == (state, mechanism)


async def test_the_same_failure_at_the_control_is_a_dead_site(servers: Farm) -> None:
    for kind in ("tls_expired", "tls_name", "reset", "refused", "tls_hang"):
        found = await measured(servers, kind)
        assert judge(replace(found, control=control_of(found))).state is State.DOWN, kind


async def test_without_a_control_no_failure_is_called_blocking_but_a_states_root_is(servers: Farm) -> None:
    for kind in ("reset", "refused", "tls_reset", "tls_unknown"):
        verdict = judge(await measured(servers, kind))
        assert (verdict.state, verdict.rule) == (State.INSUFFICIENT, "control.absent")
        assert verdict.also
    certain = judge(await measured(servers, "tls_state"))
    assert (certain.state, certain.mechanism, certain.confidence) == (State.BLOCKED, "tls.mitm", 1.0)


async def test_each_step_has_its_time_its_bytes_and_where_it_went(servers: Farm) -> None:
    found = await measured(servers, "tls_ok")
    tcp, tls, page = found.steps
    assert isinstance(tcp, TcpStep)
    assert isinstance(tls, TlsStep)
    assert isinstance(page, HttpStep)
    assert tcp.address == tls.address == page.address
    assert (tls.sni, tls.alpn, tls.version) == (SITE, None, "TLSv1.3")
    assert tls.chain[0].names == (SITE,)
    assert tls.chain[0].issuer == "CN=Test root"
    assert (page.status, page.title, page.length_bytes) == (200, "A healthy site about weather", len(PAGE))
    assert page.headers["x-weather"] == "fine"
    assert 0 < tcp.took_seconds < 0.4
    assert tcp.started_seconds < tls.started_seconds < page.started_seconds
    assert tls.sent_bytes > 200
    assert page.received_bytes > len(PAGE)


async def test_a_certificate_that_is_refused_is_still_looked_at(servers: Farm) -> None:
    found = await measured(servers, "tls_state")
    tls = next(step for step in found.steps if isinstance(step, TlsStep))
    assert "Information Security Certification Authority" in tls.chain[0].issuer
    assert len(tls.chain[0].key_sha256) == 64


async def test_redirects_are_followed_to_the_tenth_and_no_further(servers: Farm) -> None:
    nine = await measured(servers, "redirect", "/9")
    assert [step.hop for step in nine.steps if isinstance(step, HttpStep)] == list(range(10))
    assert judge(nine).state is State.OK
    many = await measured(servers, "redirect", "/15")
    last = many.steps[-1]
    assert (last.hop, last.failure) == (10, Failure.UNKNOWN)


async def test_a_body_is_read_to_its_limit_and_its_speed_is_known(servers: Farm) -> None:
    target = Target(id="site", url=f"http://{SITE}:{await servers.port('big')}/", throughput_bytes=1_000_000)
    found = await prober(servers, body_bytes=10_000).measure(target, HERE, addresses=[HOST])
    speed = found.steps[-1]
    assert isinstance(speed, ThroughputStep)
    assert speed.received_bytes >= 1_000_000
    assert (speed.bytes_per_second or 0) > 1_000_000
    assert len(speed.samples) <= 64
    page = found.steps[-2]
    # Counted from the beginning of the measurement, as every step is: a clock's own reading would tell the machine's uptime.
    assert page.started_seconds <= speed.started_seconds <= page.started_seconds + page.took_seconds


async def test_another_server_name_that_passes_shows_that_the_name_triggers(servers: Farm) -> None:
    found = await measured(servers, "tls_reset")
    neutral = [step for step in found.steps if isinstance(step, TlsStep) and step.sni != SITE]
    assert [step.failure for step in neutral] == [Failure.CONNECTION_RESET]
    passed = replace(neutral[0], failure=None)
    steps = tuple(passed if step is neutral[0] else step for step in found.steps)
    assert await judged_beside_a_good_control(servers, replace(found, steps=steps)) == (State.BLOCKED, "tls.reset.sni")


@pytest.mark.parametrize(
    ("kind", "failure", "mechanism"),
    [
        ("nxdomain", Failure.DNS_NXDOMAIN, "dns.nxdomain"),
        ("servfail", Failure.DNS_SERVFAIL, "dns.servfail"),
        ("refused", Failure.DNS_REFUSED, "dns.refused"),
        ("timeout", Failure.TIMEOUT, "dns.timeout"),
        ("empty", Failure.DNS_NO_ANSWER, "dns.no_answer"),
        ("bogon", None, "dns.injection.bogon"),
    ],
)
async def test_a_resolver_that_lies_is_known_by_how_it_lies(
    servers: Farm, kind: str, failure: Failure | None, mechanism: str
) -> None:
    target = Target(id="site", url=f"http://{SITE}:{await servers.port('ok')}/")
    system = await servers.names(kind)
    found = await prober(servers, system=system, second=await servers.names("ok")).measure(target, HERE)
    asked = [step for step in found.steps if isinstance(step, DnsStep)]
    assert {(step.resolver, step.family) for step in asked} == {("system", 4), ("system", 6), ("second", 4)}
    assert asked[0].failure is failure
    if kind != "timeout":
        assert asked[0].answered_by == HOST
    good = await prober(servers, system=await servers.names("ok")).measure(target, OUTSIDE)
    public = tuple(
        replace(step, answers=("93.184.216.34",)) if isinstance(step, DnsStep) else step for step in good.steps
    )
    verdict = judge(replace(found, control=control_of(replace(good, steps=public))))
    assert (verdict.state, verdict.mechanism) == (State.BLOCKED, mechanism)


async def test_a_late_second_answer_shows_that_one_was_injected(servers: Farm) -> None:
    target = Target(id="site", url=f"http://{SITE}:{await servers.port('ok')}/")
    lying = await servers.names("injected")
    found = await prober(servers, system=await servers.names("ok"), second=lying).measure(target, HERE)
    second = next(step for step in found.steps if isinstance(step, DnsStep) and step.resolver == "second")
    assert (second.answers, second.late_answers) == ((HOST,), ("198.51.100.7",))


async def test_what_another_resolver_answers_is_tried_when_the_usual_way_fails(servers: Farm) -> None:
    target = Target(id="site", url=f"http://{SITE}:{await servers.port('ok')}/")
    found = await prober(
        servers, system=await servers.names("nxdomain"), second=await servers.names("ok", ["127.0.0.1"])
    ).measure(target, HERE)
    assert [step.address for step in found.steps if isinstance(step, TcpStep)] == [f"{HOST}:{await servers.port('ok')}"]
    assert not [step for step in found.steps if isinstance(step, HttpStep)]


async def test_a_name_server_and_a_bare_port_can_be_targets(servers: Farm) -> None:
    address, port = await servers.names("ok")
    server = Target(id="ns", url=f"dns://{address}:{port}/nic.kz")
    assert judge(await prober(servers).measure(server, HERE)).state is State.OK
    bare = Target(id="dc", url=f"tcp://{HOST}:{await servers.port('ok')}")
    assert judge(await prober(servers).measure(bare, HERE)).state is State.OK
    roots_of_its_own = Target(id="own", url=f"tls://{SITE}:{await servers.port('tls_unknown')}", any_certificate=True)
    assert judge(await prober(servers).measure(roots_of_its_own, HERE, addresses=[HOST])).state is State.OK


async def test_a_private_address_is_never_touched_unless_it_is_allowed(servers: Farm) -> None:
    port = await servers.port("ok")
    shut = prober(servers, allowed=(), system=await servers.names("ok"))
    with pytest.raises(ForbiddenAddressError):
        await shut.measure(Target(id="own", url=f"http://{HOST}:{port}/"), HERE)
    with pytest.raises(ForbiddenAddressError):
        await shut.measure(Target(id="own", url=f"http://{SITE}:{port}/"), HERE, addresses=["169.254.169.254"])
    named = await shut.measure(Target(id="own", url=f"http://{SITE}:{port}/"), HERE)
    assert not [step for step in named.steps if not isinstance(step, DnsStep)]


async def test_a_redirect_into_a_private_network_is_not_followed(servers: Farm) -> None:
    found = await measured(servers, "inward", allowed=networks([HOST]))
    assert {step.address for step in found.steps} == {f"{HOST}:{await servers.port('inward')}"}
    assert found.steps[-1].failure is Failure.HTTP_INVALID_REDIRECT


@pytest.mark.parametrize(
    ("abroad", "portal", "link"),
    [
        ("ok", "empty", Link.UP),
        ("ok", "portal", Link.CAPTIVE_PORTAL),
        ("refused", "refused", Link.DOWN),
        ("hang", "hang", Link.DOWN),
    ],
)
async def test_the_own_link_and_a_captive_portal_are_seen_on_the_wire(
    servers: Farm, abroad: str, portal: str, link: Link
) -> None:
    hosts = [
        ControlHost(id=f"h{place}", url=f"http://{HOST}:{await servers.port(abroad)}/", where="abroad")
        for place in range(3)
    ]
    hosts.append(ControlHost(id="p", url=f"http://{HOST}:{await servers.port(portal)}/", where="portal"))
    assert await check_link(prober(servers), HERE, hosts) is link


async def test_a_failure_is_tried_again_inside_the_measurement(servers: Farm) -> None:
    found = await measured(servers, "refused", attempts=2, retry_seconds=0.01)
    assert [step.attempt for step in found.steps] == [1, 2]


async def test_a_measurement_travels_as_json_and_comes_back_whole(servers: Farm) -> None:
    for kind in ("tls_state", "redirect", "drip"):
        found = await measured(servers, kind)
        assert measurement_from_json(measurement_json(found)) == found
