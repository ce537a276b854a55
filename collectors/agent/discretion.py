"""What a measurement must not carry home: the agent's own address, cookies, whatever a server echoes. PURE.

A server may write the address that it sees into a header, a title or a redirect. Of headers, only the names stay and
the values of a few that verdicts need; addresses written in any text are struck out. Addresses of what was measured
(a step's `address`, the answers of a name server) stay: they are other people's servers.
"""

import re
from dataclasses import replace
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from monitor.domain.measurements import DnsStep, HttpStep, Measurement, QuicStep, Step, TlsStep, Vantage

KEPT_HEADERS: Final = frozenset({"server", "content-type", "content-length", "location", "x-powered-by", "via"})
"""Headers whose values verdicts read; of all others, verdicts read that they are there."""
STRUCK: Final = "[address]"
_V4: Final = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_SEPARATOR: Final = r"(?:\.|-|_|%2[eE])"
_ADDRESS: Final = re.compile(
    # 192.0.2.1, 192-0-2-1 and 192%2E0%2E2%2E1, as they stand in host names and query strings ...
    rf"(?<![\d]){_V4}(?:{_SEPARATOR}{_V4}){{3}}(?!\d)"
    # ... and whatever may be IPv6: colons, plain or escaped, between groups of hexadecimal digits.
    r"|(?<![0-9a-fA-F:.])(?:[0-9a-fA-F]{0,4}(?::|%3[aA])){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{1,4})?"
)
_CLOCK_TIME: Final = re.compile(r"\d{1,2}:\d{2}:\d{2}")


def struck(text: str) -> str:
    """The text with every IP address in it struck out; times of day stay."""
    return _ADDRESS.sub(lambda found: found.group() if _is_time(found.group()) else STRUCK, text)


def _is_time(text: str) -> bool:
    return bool(_CLOCK_TIME.fullmatch(text)) or not any(sign.isalnum() for sign in text)


def discreet(measurement: Measurement, vantage: Vantage) -> Measurement:
    """The measurement as it may be kept and sent: in this vantage's name, without what could name its host or its place."""
    asked = _host(measurement.url)
    return replace(measurement, vantage=vantage, steps=tuple(_step(step, asked) for step in measurement.steps))


def _step(step: Step, asked: str) -> Step:
    if step.host != asked and struck(step.host) != step.host:
        # A redirect may have led us to ourselves, by our address or by a name that our line has from its operator.
        step = replace(step, host=struck(step.host), address=None)
        if isinstance(step, DnsStep):
            step = replace(step, answers=(), late_answers=())
    if isinstance(step, TlsStep | QuicStep) and step.sni != asked:
        return replace(step, sni=struck(step.sni))
    if isinstance(step, HttpStep):
        return replace(
            step,
            url=_url(step.url, asked),
            location=None if step.location is None else _url(step.location, asked),
            title=None if step.title is None else struck(step.title),
            headers={name: _value(name, value, asked) for name, value in step.headers.items()},
        )
    if isinstance(step, DnsStep):
        return replace(step, answered_by=_answerer(step))
    return step


def _value(name: str, value: str, asked: str) -> str:
    if name not in KEPT_HEADERS:
        return ""
    return _url(value, asked) if name == "location" else struck(value)


def _url(url: str, asked: str) -> str:
    """The address that was asked for stays; any other is struck out."""
    head, sign, tail = url.partition(asked) if asked and _is_address(asked) and _host(url) == asked else ("", "", url)
    return head + sign + struck(tail)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _answerer(step: DnsStep) -> str | None:
    """A private resolver's address says that it is one; a public one of the system may be the host's own line."""
    if step.answered_by is None or step.resolver != "system":
        return step.answered_by
    try:
        return None if ip_address(step.answered_by.rpartition(":")[0] or step.answered_by).is_global else "private"
    except ValueError:
        return None
