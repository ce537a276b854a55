"""Verdicts: what is certain, what is likely, what is not to be said; and OONI's own scenarios through the same code."""

import base64
import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from collectors.probes.ooni_measurements import OoniError, measurement_of
from monitor.detect.verdict import RULES, judge
from monitor.domain.measurements import (
    Certificate,
    Control,
    Coverage,
    DnsStep,
    Failure,
    HttpStep,
    Link,
    Measurement,
    State,
    Step,
    TcpStep,
    TlsStep,
    Vantage,
    Verdict,
)
from tests.fakes.certificates import STATE, Authority
from tests.lab.one_family import judge_family

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
SITE, TRUE, OTHER = "news.example", "93.184.216.34", "130.192.182.17"
END = f"{TRUE}:443"


def measurement(
    *steps: Step, url: str = f"https://{SITE}/", control: tuple[Step, ...] | None = None, **more: Any
) -> Measurement:
    found = Control(source="vantage", steps=control) if control is not None else None
    return Measurement(
        id="m",
        target="t",
        service="s",
        url=url,
        vantage=Vantage(id="v"),
        started_at=NOON,
        steps=steps,
        control=found,
        **more,
    )


def looked_up(*answers: str, failure: Failure | None = None, resolver: Any = "system", **more: Any) -> DnsStep:
    return DnsStep(host=SITE, answers=answers, failure=failure, resolver=resolver, **more)


def connected(failure: Failure | None = None, end: str = END, family: Any = 4) -> TcpStep:
    return TcpStep(address=end, family=family, failure=failure)


def shaken(failure: Failure | None = None, issuer: str = "", end: str = END, **more: Any) -> TlsStep:
    chain = (Certificate(subject=f"CN={SITE}", issuer=issuer, sha256="a"),) if issuer else ()
    return TlsStep(address=end, sni=SITE, failure=failure, chain=chain, **more)


def page(failure: Failure | None = None, url: str = f"https://{SITE}/", **more: Any) -> HttpStep:
    ours = {"status": 200, "length_bytes": 1000, "title": "Weather forecast"} if failure is None else {}
    return HttpStep(url=url, failure=failure, **{**ours, **more})


GOOD = (looked_up(TRUE), connected(), shaken(), page())
PLAIN = f"http://{SITE}/"
GOOD_PLAIN = (looked_up(TRUE), connected(end=f"{TRUE}:80"), page(url=PLAIN))


def says(verdict: Verdict) -> tuple[State, str | None]:
    return verdict.state, verdict.mechanism


@pytest.mark.parametrize(
    "issuer",
    [
        "CN=НЕГІЗГІ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ,C=KZ",
        "C=KZ,CN=Qaznet Trust Network",
        "CN=Information Security Certification Authority,O=ISCA,C=KZ",
        "C=KZ, O=ISCA, CN=Information Security Certification Authority CA",
        "CN=Security Certificate,O=ISCA,C=KZ",
    ],
)
def test_the_issuers_of_2015_2016_and_2020_are_certain(issuer: str) -> None:
    for control in (GOOD, None):
        verdict = judge(
            measurement(looked_up(TRUE), connected(), shaken(Failure.SSL_UNKNOWN_AUTHORITY, issuer), control=control)
        )
        assert says(verdict) == (State.BLOCKED, "tls.mitm")
        assert verdict.confidence == 1.0


def test_a_site_of_the_state_that_shows_the_control_the_same_certificate_is_not_intercepted() -> None:
    own = shaken(Failure.SSL_UNKNOWN_AUTHORITY, "CN=НЕГІЗГІ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (RSA),C=KZ")
    assert (
        judge(measurement(looked_up(TRUE), connected(), own, control=(looked_up(TRUE), connected(), own))).state
        is State.DOWN
    )


def test_a_known_block_page_is_certain_and_its_words_alone_are_not() -> None:
    known = judge(
        measurement(*GOOD_PLAIN[:2], page(url=PLAIN, fingerprint="kz.page_blocked"), url=PLAIN, control=GOOD_PLAIN)
    )
    assert (*says(known), known.confidence) == (State.BLOCKED, "http.blockpage", 1.0)
    words = page(url=PLAIN, fingerprint="refusal", length_bytes=200, title="Access denied")
    likely = judge(measurement(*GOOD_PLAIN[:2], words, url=PLAIN, control=GOOD_PLAIN))
    assert says(likely) == (State.BLOCKED, "http.blockpage")
    assert likely.confidence < 1


def test_over_https_with_a_valid_certificate_any_page_is_the_sites_own() -> None:
    other = page(status=403, length_bytes=5, title="Forbidden", fingerprint="refusal")
    assert says(judge(measurement(*GOOD[:3], other, control=GOOD))) == (State.OK, None)


def test_a_plain_page_that_differs_without_a_mark_is_not_called_blocking() -> None:
    other = page(url=PLAIN, length_bytes=20, title="Nothing alike")
    verdict = judge(measurement(*GOOD_PLAIN[:2], other, url=PLAIN, control=GOOD_PLAIN))
    assert (verdict.state, verdict.also) == (State.INSUFFICIENT, ("http.difference",))


def test_a_failed_control_never_gives_blocked() -> None:
    failing = [
        (looked_up(failure=Failure.DNS_NXDOMAIN),),
        (looked_up("10.0.0.1"),),
        (looked_up(TRUE), connected(Failure.TIMEOUT)),
        (looked_up(TRUE), connected(), shaken(Failure.CONNECTION_RESET)),
        (looked_up(TRUE), connected(), shaken(), page(Failure.TIMEOUT)),
    ]
    for steps in failing:
        broken = replace(measurement(*steps), control=Control(source="vantage", failed=True))
        assert says(judge(broken)) == (State.INSUFFICIENT, None)
        assert judge(broken).rule == "control.failed"


def test_blindness_of_our_own_is_no_verdict_on_others() -> None:
    for link in (Link.DOWN, Link.CAPTIVE_PORTAL):
        verdict = judge(measurement(looked_up(TRUE), connected(Failure.TIMEOUT), control=GOOD, link=link))
        assert (verdict.state, verdict.coverage) == (State.INSUFFICIENT, Coverage.DISCARDED)
    assert (judge(measurement(control=GOOD)).state, judge(measurement(control=GOOD)).coverage) == (
        State.INSUFFICIENT,
        Coverage.NONE,
    )


def test_another_address_of_the_same_network_or_with_a_valid_certificate_is_no_injection() -> None:
    networks = Control(source="helper", steps=GOOD, networks={TRUE: 15133, OTHER: 15133})
    elsewhere = (looked_up(OTHER), connected(Failure.TIMEOUT, f"{OTHER}:443"))
    assert says(judge(replace(measurement(*elsewhere), control=networks))) == (State.BLOCKED, "tcp.timeout")
    worked = (looked_up(OTHER), connected(end=f"{OTHER}:443"), shaken(end=f"{OTHER}:443"), page())
    assert judge(measurement(*worked, control=GOOD)).state is State.OK


def test_an_address_that_only_the_clear_resolver_knows_is_injected() -> None:
    steps = (
        looked_up(OTHER),
        looked_up(TRUE, resolver="doh"),
        connected(end=f"{OTHER}:443"),
        shaken(Failure.TIMEOUT, end=f"{OTHER}:443"),
    )
    verdict = judge(measurement(*steps, control=GOOD))
    assert (says(verdict), verdict.also) == ((State.BLOCKED, "dns.injection"), ("tls.timeout",))


def test_a_cdns_own_address_for_this_place_does_not_hide_what_happens_to_the_handshake() -> None:
    local = (
        looked_up(OTHER),
        looked_up(OTHER, resolver="doh"),
        connected(end=f"{OTHER}:443"),
        shaken(Failure.TIMEOUT, end=f"{OTHER}:443"),
    )
    assert says(judge(measurement(*local, control=GOOD))) == (State.BLOCKED, "tls.timeout")
    assert says(judge(measurement(local[0], *local[2:], control=GOOD))) == (State.BLOCKED, "tls.timeout")


def test_a_second_answer_to_one_question_shows_injection() -> None:
    steps = (
        looked_up("203.0.113.9"),
        looked_up("203.0.113.9", resolver="second", late_answers=(TRUE,)),
        connected(Failure.TIMEOUT, "203.0.113.9:443"),
    )
    control = (looked_up(TRUE), page())
    public = tuple(
        replace(step, answers=("8.8.4.4",)) if isinstance(step, DnsStep) else replace(step, address="8.8.4.4:443")
        for step in steps
    )
    verdict = judge(measurement(*public, control=control))
    assert (says(verdict), verdict.confidence) == ((State.BLOCKED, "dns.injection"), 0.95)


def test_ipv6_that_is_broken_here_says_nothing_and_is_judged_apart() -> None:
    six = "2606:2800:220:1::1"
    steps = (
        looked_up(TRUE, six),
        connected(),
        connected(Failure.NETWORK_UNREACHABLE, f"[{six}]:443", 6),
        shaken(),
        page(),
    )
    assert judge(measurement(*steps, control=GOOD)).state is State.OK
    four = (looked_up(TRUE, family=4), connected(), shaken(family=4), page(family=4, address=END))
    end = f"[{six}]:443"
    reset = (
        looked_up(six, family=6),
        connected(end=end, family=6),
        shaken(Failure.CONNECTION_RESET, end=end, family=6),
    )
    control = (looked_up(six, TRUE), shaken(end=end, family=6), page())
    both = measurement(*four, *reset, control=control)
    assert judge_family(both, 4).state is State.OK
    assert says(judge_family(both, 6)) == (State.BLOCKED, "tls.reset")
    assert judge_family(replace(both, ipv6_broken=True), 6).state is State.INSUFFICIENT
    well = measurement(*four, reset[0], reset[1], shaken(end=end, family=6), control=control)
    assert judge_family(well, 6).state is State.OK


def test_every_rule_has_an_id_of_its_own_and_a_version() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.version >= 1 for rule in RULES)


# OONI's scenarios: the truth is their name; where a name leaves it open, what OONI expects of it.
OK, DOWN, UNCLEAR = (State.OK, ""), (State.DOWN, ""), (State.INSUFFICIENT, "")
TRUTH: dict[str, tuple[State, str]] = {
    "badSSLWithUnknownAuthorityWithInconsistentDNS": (State.BLOCKED, "dns"),
    "badSSL": DOWN,
    "cloudflareCAPTCHAWithHTTPS": OK,
    "cloudflareCAPTCHAWithHTTP": UNCLEAR,
    "controlFailure": UNCLEAR,
    "dnsBlockingBOGON": (State.BLOCKED, "dns.injection.bogon"),
    "dnsBlockingNXDOMAIN": (State.BLOCKED, "dns.nxdomain"),
    "dnsBlocking": (State.BLOCKED, "dns"),
    "dnsHijackingToLocalhost": (State.BLOCKED, "dns.injection"),
    "dnsHijackingToProxy": OK,
    "ghostDNSBlocking": (State.BLOCKED, "dns"),
    "httpBlockingConnectionReset": (State.BLOCKED, "http.reset"),
    "httpDiffWithConsistentDNS": (State.BLOCKED, "http"),
    "httpDiffWithInconsistentDNS": (State.BLOCKED, "dns"),
    "idna": OK,
    "largeFile": OK,
    "localhost": DOWN,
    "redirectWithBrokenLocation": (State.BLOCKED, "http"),
    "redirectWithConsistentDNSAndThenConnectionRefused": (State.BLOCKED, "tcp.refused"),
    "redirectWithConsistentDNSAndThenNXDOMAIN": (State.BLOCKED, "dns.nxdomain"),
    "redirectWithConsistentDNSAndThen": (State.BLOCKED, ""),
    "redirectWithMoreThanTenRedirects": DOWN,
    "success": OK,
    "tcpBlockingConnectTimeout": (State.BLOCKED, "tcp.timeout"),
    "tcpBlockingConnectionRefusedWithInconsistentDNS": (State.BLOCKED, "dns"),
    "throttling": (State.BLOCKED, "http"),
    "tlsBlockingConnectionResetWithConsistentDNS": (State.BLOCKED, "tls.reset"),
    "tlsBlockingConnectionResetWithInconsistentDNS": (State.BLOCKED, "dns"),
    "websiteDown": DOWN,
}


def scenarios(shared_data: Path) -> dict[str, Any]:
    with gzip.open(shared_data / "ooni" / "web_connectivity_qa.jsonl.gz", "rt", encoding="utf-8") as lines:
        return {row["scenario"]: row["measurement"] for row in map(json.loads, lines)}


def expected(name: str) -> tuple[State, str]:
    return next(truth for begins, truth in TRUTH.items() if name.startswith(begins))


@pytest.mark.shared
def test_oonis_scenarios_are_judged_right(shared_data: Path) -> None:
    wrong = []
    for name, document in scenarios(shared_data).items():
        verdict = judge(measurement_of(document))
        state, mechanism = expected(name)
        if verdict.state is not state or not (verdict.mechanism or "").startswith(mechanism):
            wrong.append((name, verdict.state, verdict.mechanism))
    assert len(wrong) <= 2, wrong


@pytest.mark.shared
def test_oonis_own_conclusions_are_not_read(shared_data: Path) -> None:
    own = ("blocking", "accessible", "x_blocking_flags", "x_null_null_flags", "x_dns_flags", "dns_consistency", "body_length_match",
           "headers_match", "status_code_match", "title_match", "body_proportion", "http_experiment_failure", "dns_experiment_failure")  # fmt: skip
    for document in scenarios(shared_data).values():
        bare = {**document, "test_keys": {key: value for key, value in document["test_keys"].items() if key not in own}}
        assert judge(measurement_of(bare)) == judge(measurement_of(document))


@pytest.mark.shared
def test_with_its_control_taken_away_no_scenario_is_called_blocked(shared_data: Path) -> None:
    for name, document in scenarios(shared_data).items():
        keys = {**document["test_keys"], "control": None, "control_failure": "generic_timeout_error"}
        assert judge(measurement_of({**document, "test_keys": keys})).state is State.INSUFFICIENT, name


def asked_by_an_old_probe(failure: str | None, certificates: tuple[bytes, ...] = ()) -> dict[str, Any]:
    """A measurement of version 0.4: no tags, no hops, the last page first. The plain page led to the same site over TLS."""
    shown = [{"format": "base64", "data": base64.b64encode(der).decode()} for der in certificates]
    last = (
        {"code": 200, "body": "<title>Weather</title>", "headers": {}}
        if failure is None
        else {"code": 0, "body": "", "headers": {}}
    )
    return {
        "test_name": "web_connectivity", "input": "http://site.example/", "measurement_start_time": "2020-12-06 12:00:00",
        "test_keys": {
            "queries": [{"engine": "system", "hostname": "site.example", "query_type": "A", "failure": None,
                         "answers": [{"answer_type": "A", "ipv4": TRUE}]}],
            "tcp_connect": [{"ip": TRUE, "port": 80, "status": {"failure": None, "success": True}}],
            "tls_handshakes": [{"address": END, "server_name": "site.example", "failure": failure, "peer_certificates": shown}],
            "requests": [
                {"failure": failure, "request": {"url": "https://site.example/"}, "response": last},
                {"failure": None, "request": {"url": "http://site.example/"},
                 "response": {"code": 301, "body": "", "headers": {"Location": "https://site.example/"}}},
            ],
            "control_failure": None,
            "control": {"dns": {"failure": None, "addrs": [TRUE]}, "tcp_connect": {f"{TRUE}:80": {"status": True, "failure": None}},
                        "http_request": {"failure": None, "status_code": 200, "body_length": 22, "title": "Weather", "headers": {}}},
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("failure", "state", "mechanism"),
    [
        (None, State.OK, None),
        ("generic_timeout_error", State.BLOCKED, "tls.timeout"),
        ("connection_reset", State.BLOCKED, "tls.reset"),
        ("ssl_unknown_authority", State.BLOCKED, "tls.mitm"),
    ],
)
def test_older_measurements_without_hops_are_read_too(failure: str | None, state: State, mechanism: str | None) -> None:
    assert says(judge(measurement_of(asked_by_an_old_probe(failure)))) == (state, mechanism)


def test_a_forged_certificate_inside_an_older_measurement_is_certain(tmp_path: Path) -> None:
    pem = Authority(STATE).issue(tmp_path / "forged.pem", "site.example").read_bytes()
    der = x509.load_pem_x509_certificates(pem)[0].public_bytes(Encoding.DER)
    verdict = judge(measurement_of(asked_by_an_old_probe("ssl_unknown_authority", (der,))))
    assert (says(verdict), verdict.confidence) == ((State.BLOCKED, "tls.mitm"), 1.0)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"test_name": "signal"},
        {"test_name": "web_connectivity"},
        {"test_name": "web_connectivity", "test_keys": {}, "input": "http://x/", "measurement_start_time": "yesterday"},
        {
            "test_name": "web_connectivity",
            "test_keys": {},
            "input": None,
            "measurement_start_time": "2024-01-01 00:00:00",
        },
        {
            "test_name": "web_connectivity",
            "test_keys": {"tcp_connect": [{"ip": "1.1.1.1"}]},
            "input": "http://x/",
            "measurement_start_time": "2024-01-01 00:00:00",
        },
    ],
)
def test_what_is_no_measurement_is_refused_in_a_sentence(document: Any) -> None:
    with pytest.raises(OoniError):
        measurement_of(document)


def test_nonsense_inside_a_measurement_costs_nothing_else() -> None:
    keys = {
        "queries": [None, 5, {"answers": "x", "tags": "depth=0", "hostname": 7}],
        "tls_handshakes": [{"peer_certificates": [{"data": "!!"}, "????", 3], "address": 5}],
        "requests": [{"request": None, "response": {"headers": [], "body": {"data": 5}, "code": "200"}}],
        "control": {"dns": {"addrs": None}, "tcp_connect": {"a": 5}, "http_request": {"status_code": "x"}},
    }
    document = {
        "test_name": "web_connectivity",
        "test_keys": keys,
        "input": "http://x/",
        "measurement_start_time": "2024-01-01 00:00:00",
    }
    assert judge(measurement_of(document)).state is not State.BLOCKED
