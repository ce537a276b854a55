"""OONI web_connectivity measurements (0.4 and 0.5) as our own words, so that one verdict code judges both.

What the probe itself concluded (`blocking`, `accessible`, `x_blocking_flags`) is not read: only what it saw.
Sources: ooni/spec ts-017-web-connectivity, df-001-httpt, df-002-dnst, df-005-tcpconnect, df-006-tlshandshake.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from collectors.probes.certificates import chain_of
from collectors.probes.pages import title_of
from monitor.detect.verdict_known import SEARCHED_BYTES, known_page
from monitor.domain.ids import content_id
from monitor.domain.measurements import (
    Control,
    DnsStep,
    Failure,
    HttpStep,
    Measurement,
    Resolver,
    Step,
    TcpStep,
    TlsStep,
    Vantage,
    failure_of,
)
from monitor.domain.targets import ascii_host

MOST_STEPS: Final = 2000
_DEPTH: Final = re.compile(r"^depth=(\d{1,2})$")
_RESOLVERS: Final[dict[str, Resolver]] = {"doh": "doh", "dot": "doh", "udp": "second", "tcp": "second"}
_HELPER_FAILURES: Final = {
    "dns_name_error": Failure.DNS_NXDOMAIN,
    "dns_lookup_error": Failure.DNS_LOOKUP,
    "dns_server_failure": Failure.DNS_SERVFAIL,
    "connection_refused_error": Failure.CONNECTION_REFUSED,
    "tcp_timed_out_error": Failure.TIMEOUT,
    "timeout_error": Failure.TIMEOUT,
}
"""Words of the test helper that df-007 has no entry for."""


class OoniError(ValueError):
    """Not a measurement that we can judge; the message says why."""


def measurement_of(document: Any) -> Measurement:
    """The measurement in our words, with the test helper's as its control.

    Raises:
        OoniError: not a web_connectivity measurement, or not in OONI's form.
    """
    name = _text(_object(document, "the measurement").get("test_name"))
    if name != "web_connectivity":
        raise OoniError(
            f"a measurement of '{name[:40]}': only web_connectivity is judged" if name else "not an OONI measurement"
        )
    keys = _object(document.get("test_keys"), "test_keys")
    url = _text(document.get("input"))
    host = ascii_host(_hostname(url))
    if not host:
        raise OoniError("the measurement has no input with a host")
    started = _started(document)
    return Measurement(
        id=content_id("ooni", _text(document.get("report_id")), url, str(started)),
        target=url,
        service=host,
        url=url,
        vantage=Vantage(id="ooni", asn=_asn(document.get("probe_asn"))),
        started_at=started,
        steps=_steps(keys, host),
        control=_control(keys, host),
    )


def _steps(keys: Mapping[str, Any], host: str) -> tuple[Step, ...]:
    pages = list(_pages(keys))
    steps = [*_lookups(keys, host), *_connections(keys), *_handshakes(keys)]
    if not any(row.get("tags") for row in _rows(keys, "requests")):
        steps = [_placed(step, pages) for step in steps]
    return (*steps, *pages)


def _placed(step: Step, pages: Sequence[HttpStep]) -> Step:
    """The step at its hop, which version 0.4 does not tell.

    A handshake belongs to the last page of its name over HTTPS, a look-up to the first page of its name, a connection to
    the address asked for.
    """
    if isinstance(step, TlsStep):
        hops = [page.hop for page in pages if page.host == step.sni and page.url.startswith("https:")]
        return replace(step, hop=max(hops, default=step.hop))
    if isinstance(step, DnsStep):
        hops = [page.hop for page in pages if page.host == step.host]
        return replace(step, hop=min(hops, default=step.hop))
    return step


def _started(document: Mapping[str, Any]) -> datetime:
    text = _text(document.get("measurement_start_time"))
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise OoniError("measurement_start_time is not a time") from None


def _lookups(keys: Mapping[str, Any], host: str) -> Iterator[Step]:
    for row in _rows(keys, "queries"):
        engine = _text(row.get("engine"))
        answers = _rows(row, "answers")
        addresses = [_text(answer.get("ipv4") or answer.get("ipv6")) for answer in answers]
        kind = _text(row.get("query_type"))
        yield DnsStep(
            hop=_hop(row),
            host=ascii_host(_text(row.get("hostname")) or host),
            family={"A": 4, "AAAA": 6}.get(kind),  # type: ignore[arg-type]
            resolver=_RESOLVERS.get(engine, "system"),
            answers=tuple(address for address in addresses if address),
            answered_by=_text(row.get("resolver_address")) or None,
            failure=failure_of(row.get("failure")),
            started_seconds=_seconds(row.get("t0", row.get("t"))),
        )


def _connections(keys: Mapping[str, Any]) -> Iterator[Step]:
    for row in _rows(keys, "tcp_connect"):
        status = _object(row.get("status"), "tcp_connect.status")
        address = _text(row.get("ip"))
        yield TcpStep(
            hop=_hop(row),
            address=_endpoint(address, row.get("port")),
            family=6 if ":" in address else 4,
            failure=failure_of(status.get("failure")),
            started_seconds=_seconds(row.get("t0", row.get("t"))),
        )


def _handshakes(keys: Mapping[str, Any]) -> Iterator[Step]:
    for row in _rows(keys, "tls_handshakes"):
        address = _text(row.get("address"))
        yield TlsStep(
            hop=_hop(row),
            address=address or None,
            family=_family(address),
            sni=ascii_host(_text(row.get("server_name"))),
            host=ascii_host(_text(row.get("server_name"))),
            failure=failure_of(row.get("failure")),
            version=_text(row.get("tls_version")) or None,
            alpn=_text(row.get("negotiated_protocol")) or None,
            chain=chain_of(_ders(row)),
            started_seconds=_seconds(row.get("t0", row.get("t"))),
        )


def _ders(row: Mapping[str, Any]) -> Iterator[bytes]:
    for certificate in row.get("peer_certificates") or ():
        data = certificate.get("data") if isinstance(certificate, dict) else certificate
        try:
            yield base64.b64decode(_text(data), validate=False)
        except (binascii.Error, ValueError):
            continue


def _pages(keys: Mapping[str, Any]) -> Iterator[HttpStep]:
    """Requests, oldest hop first; without a tag of their depth (0.4) the list runs backwards from the last page."""
    rows = _rows(keys, "requests")
    for place, row in reversed(list(enumerate(rows))):
        tagged = any(_DEPTH.match(_text(tag)) for tag in row.get("tags") or ())
        hop = _hop(row) if tagged else len(rows) - 1 - place
        yield _page(row, hop)


def _page(row: Mapping[str, Any], hop: int) -> HttpStep:
    request = _object(row.get("request") or {}, "requests.request")
    response = _object(row.get("response") or {}, "requests.response")
    headers = _headers(response.get("headers"))
    body = _body(response.get("body"))
    text = body[:SEARCHED_BYTES].decode("utf-8", "replace")
    failure = failure_of(row.get("failure"))
    address = _text(row.get("address"))
    code = response.get("code")
    return HttpStep(
        hop=hop,
        host=ascii_host(_hostname(_text(request.get("url")))),
        url=_text(request.get("url")),
        address=address or None,
        family=_family(address),
        failure=failure,
        status=code if isinstance(code, int) and code > 0 else None,
        headers=headers,
        title=title_of(text),
        length_bytes=len(body) if failure is None else None,
        truncated=bool(response.get("body_is_truncated")),
        location=headers.get("location"),
        fingerprint=known_page(text, headers.get("location")),
        started_seconds=_seconds(row.get("t0", row.get("t"))),
    )


def _body(value: Any) -> bytes:
    if isinstance(value, dict):
        try:
            return base64.b64decode(_text(value.get("data")), validate=False)
        except (binascii.Error, ValueError):
            return b""
    return _text(value).encode("utf-8", "surrogatepass")


def _headers(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    pairs = list(value.items())[:200]
    return {str(name).lower(): (text if isinstance(text, str) else "")[:512] for name, text in pairs}


def _control(keys: Mapping[str, Any], host: str) -> Control:
    control = keys.get("control")
    if keys.get("control_failure") or not isinstance(control, dict) or not control:
        return Control(source="helper", failed=True)
    steps = (*_control_lookup(control, host), *_control_connections(control), *_control_page(control))
    return Control(source="helper", steps=steps, networks=_networks(keys, control), failed=not steps)


def _control_lookup(control: Mapping[str, Any], host: str) -> Iterator[Step]:
    lookup = control.get("dns")
    if isinstance(lookup, dict):
        addresses = tuple(_text(address) for address in lookup.get("addrs") or ())
        yield DnsStep(host=host, answers=addresses, failure=_helper_failure(lookup.get("failure")))


def _control_connections(control: Mapping[str, Any]) -> Iterator[Step]:
    for endpoint, row in _named(control, "tcp_connect"):
        failed = None if row.get("status") else Failure.UNKNOWN
        yield TcpStep(address=endpoint, family=_family(endpoint), failure=_helper_failure(row.get("failure")) or failed)
    for endpoint, row in _named(control, "tls_handshake"):
        failed = None if row.get("status") else Failure.UNKNOWN
        yield TlsStep(
            address=endpoint,
            family=_family(endpoint),
            sni=ascii_host(_text(row.get("server_name"))),
            failure=_helper_failure(row.get("failure")) or failed,
        )


def _control_page(control: Mapping[str, Any]) -> Iterator[Step]:
    page = control.get("http_request")
    if isinstance(page, dict):
        length, code = page.get("body_length"), page.get("status_code")
        yield HttpStep(
            failure=_helper_failure(page.get("failure")),
            status=code if isinstance(code, int) and code > 0 else None,
            headers=_headers(page.get("headers")),
            title=_text(page.get("title")) or None,
            length_bytes=length if isinstance(length, int) and length >= 0 else None,
        )


def _helper_failure(value: Any) -> Failure | None:
    text = _text(value)
    return _HELPER_FAILURES.get(text) or failure_of(text)


def _networks(keys: Mapping[str, Any], control: Mapping[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in _rows(keys, "queries"):
        for answer in _rows(row, "answers"):
            address, asn = _text(answer.get("ipv4") or answer.get("ipv6")), answer.get("asn")
            if address and isinstance(asn, int):
                found[address] = asn
    for address, row in _named(control, "ip_info"):
        if isinstance(row.get("asn"), int):
            found[address] = row["asn"]
    return found


def _named(parent: Mapping[str, Any], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    value = parent.get(name)
    rows = list(value.items())[:MOST_STEPS] if isinstance(value, dict) else []
    yield from ((str(key), row) for key, row in rows if isinstance(row, dict))


def _rows(parent: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    value = parent.get(name)
    return [row for row in value[:MOST_STEPS] if isinstance(row, dict)] if isinstance(value, list) else []


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise OoniError(f"{name} is not an object")
    return value


def _hop(row: Mapping[str, Any]) -> int:
    tags = row.get("tags")
    found = [match for tag in (tags if isinstance(tags, list) else ()) if (match := _DEPTH.match(_text(tag)))]
    return int(found[0].group(1)) if found else 0


def _endpoint(address: str, port: Any) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _family(endpoint: str) -> Any:
    if not endpoint:
        return None
    return 6 if endpoint.startswith("[") or endpoint.count(":") > 1 else 4


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _asn(value: Any) -> int | None:
    digits = _text(value).removeprefix("AS")
    return int(digits) if digits.isdigit() and len(digits) <= 10 else None


def _seconds(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
