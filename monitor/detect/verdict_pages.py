"""Rules about pages: whether the page that came is the control's, and how one that did not come failed. PURE.

The comparison is OONI's (ts-017): the same status, and either like length, or a shared uncommon header, or words of the
title in common. A page that came over HTTPS with a valid certificate is the site's own, whatever it shows.
"""

import re
from typing import Final
from urllib.parse import urlsplit

from monitor.detect.verdict_evidence import Evidence
from monitor.detect.verdict_finding import Finding, Rule, blocked, down, unclear
from monitor.detect.verdict_known import CHALLENGE, REFUSAL, is_certain
from monitor.domain.measurements import Failure, HttpStep

_RESETS: Final = {Failure.CONNECTION_RESET, Failure.CONNECTION_ABORTED}
_LIKE_LENGTH: Final = 0.7
_COMMON_HEADERS: Final = frozenset(
    "accept-ranges age cache-control cf-ray connection content-encoding content-language content-length content-type date "
    "etag expires keep-alive last-modified link location p3p pragma server set-cookie strict-transport-security "
    "transfer-encoding vary via x-content-type-options x-frame-options x-powered-by x-varnish x-xss-protection".split()
)
_WORD: Final = re.compile(r"\w{5,}")
_SECOND_LEVEL: Final = frozenset("co com net org gov edu ac or go ne".split())


def page_worked(evidence: Evidence) -> bool:
    """The page came, and nothing says that it is not the site's own."""
    page = evidence.page
    if page is None or page.failure is not None or is_certain(page.fingerprint):
        return False
    if evidence.scheme == "https":
        return True
    control = evidence.control_page
    return control is not None and control.failure is None and same_page(page, control)


def same_page(ours: HttpStep, control: HttpStep) -> bool:
    """Whether two pages are so alike that nobody put one in the other's place."""
    if ours.status != control.status:
        return False
    if (ours.status or 0) >= 400:
        return True
    return _like_length(ours, control) or bool(_uncommon(ours) & _uncommon(control)) or _like_titles(ours, control)


def _like_length(ours: HttpStep, control: HttpStep) -> bool:
    if ours.truncated and control.truncated:
        return True
    if ours.truncated or control.truncated or ours.length_bytes is None or control.length_bytes is None:
        return False
    short, long = sorted((ours.length_bytes, control.length_bytes))
    return long == short or short / long > _LIKE_LENGTH


def _uncommon(page: HttpStep) -> frozenset[str]:
    return frozenset(name.lower() for name in page.headers) - _COMMON_HEADERS


def _like_titles(ours: HttpStep, control: HttpStep) -> bool:
    words = [set(_WORD.findall((page.title or "").lower())) for page in (ours, control)]
    return bool(words[0] & words[1])


def _known_page(evidence: Evidence) -> Finding | None:
    for page in evidence.steps:
        if not isinstance(page, HttpStep) or not is_certain(page.fingerprint):
            continue
        control = evidence.control_page
        if control is not None and control.fingerprint == page.fingerprint:
            continue
        mechanism = "http.redirect" if page.location else "http.blockpage"
        return blocked(mechanism, 1.0, f"the page is a known block page ({page.fingerprint})")
    return None


def _fails(evidence: Evidence) -> Finding | None:
    page = evidence.page
    if page is None or page.failure is None:
        return None
    if not evidence.control_page_came:
        return down(0.8, f"the page fails ({page.failure}) for the control too") if evidence.control_page else None
    mechanism, confidence, words = failed_page(page, evidence.scheme)
    if mechanism is None:
        return unclear(words)
    return blocked(mechanism, confidence, f"{words}, for the control the page comes")


_FAILED: Final = {
    Failure.CONNECTION_RESET: ("http.reset", 0.8, "the connection is reset after the request"),
    Failure.CONNECTION_ABORTED: ("http.reset", 0.8, "the connection is reset after the request"),
    Failure.EOF: ("http.reset", 0.75, "the connection is closed after the request"),
    Failure.CONNECTION_ALREADY_CLOSED: ("http.reset", 0.75, "the connection is closed after the request"),
    Failure.TIMEOUT: ("http.timeout", 0.7, "no answer comes to the request"),
    Failure.TIMED_OUT: ("http.timeout", 0.7, "no answer comes to the request"),
    Failure.HTTP_INVALID_REDIRECT: ("http.redirect", 0.6, "the answer redirects to nowhere"),
    Failure.HTTP_UNEXPECTED_REDIRECT: ("http.redirect", 0.6, "the answer redirects to nowhere"),
    Failure.UNKNOWN: (None, 0.0, "the page fails in a way that we do not know"),
}


def failed_page(page: HttpStep, scheme: str) -> tuple[str | None, float, str]:
    """The name of what makes a page fail so, how sure that is, and the sentence for it."""
    failure = page.failure or Failure.UNKNOWN
    mechanism, confidence, words = _FAILED.get(failure, ("http", 0.6, f"the page fails ({failure})"))
    if mechanism == "http.reset" and failure in _RESETS and scheme == "http":
        mechanism = "http.reset.host"
    if mechanism == "http.timeout" and page.status:
        return "http.throttle", confidence, "the page begins and then stalls"
    return mechanism, confidence, words


def _differs(evidence: Evidence) -> Finding | None:
    page, control = evidence.page, evidence.control_page
    if page is None or page.failure is not None or evidence.scheme != "http" or page_worked(evidence):
        return None
    if control is None or control.failure is not None:
        return unclear("the page came, and the control has none to compare it with") if evidence.controlled else None
    return _difference(evidence, page, control)


def _difference(evidence: Evidence, page: HttpStep, control: HttpStep) -> Finding:
    if page.status == 451:
        return blocked(
            "http.blockpage", 0.95, "the answer is 451, unavailable for legal reasons, for the control it is not"
        )
    if page.fingerprint == REFUSAL and control.fingerprint != REFUSAL:
        return blocked("http.blockpage", 0.9, "a short page says that access is refused, the control gets another page")
    if page.fingerprint == CHALLENGE:
        return unclear("a CDN asks for proof of being human; the difference says nothing", "http.challenge")
    if _sent_elsewhere(evidence):
        return blocked("http.redirect", 0.75, f"the answer leads to {evidence.host}, where another page is")
    return unclear("the page differs from the control's, and nothing says why", "http.difference")


def _sent_elsewhere(evidence: Evidence) -> bool:
    """Redirects in clear text led to a page of another owner, which is not the control's page."""
    asked = urlsplit(evidence.measurement.url).hostname or ""
    return evidence.hop > 0 and _owner(asked) != _owner(evidence.host) and not _named(evidence, _owner(asked))


def _named(evidence: Evidence, owner: str) -> bool:
    """The page at the end names the site that was asked for: a site that moved, not a wall."""
    title = (evidence.page.title or "").lower() if evidence.page else ""
    return owner.partition(".")[0] in title


def _owner(host: str) -> str:
    """The part of a name that somebody registered, near enough: two labels, three under `co.uk` and the like."""
    labels = host.lower().split(".")
    count = 3 if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else 2
    return ".".join(labels[-count:])


CERTAIN = (Rule(id="http.known_page", find=_known_page, needs_control=False),)
RULES = (Rule(id="http.fails", find=_fails), Rule(id="http.differs", find=_differs))
