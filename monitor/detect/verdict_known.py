"""What settles a case alone: issuers of the state's interception, block pages, words of refusal, CDN challenges. PURE.

Sources: censoredplanet.org/kazakhstan (2019 and 2020 roots), Mozilla bugs 1229827, 1567114, 1680927 (2015, 2016 and 2020
roots), OONI's Kazakhstan report of 2024 (intermediates of 75 days), OONI's blocking-fingerprints (pages).
"""

import re
from dataclasses import dataclass
from typing import Final

_STATE_ISSUERS: Final = {
    "kz-2015": re.compile(r"НЕГІЗГІ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ|NEGIZGI KUALANDYRUSHY ORTALYK", re.IGNORECASE),
    "kz-2016": re.compile(r"Qaznet Trust Network|\bQAZNET\b", re.IGNORECASE),
    "kz-2020": re.compile(r"Information Security Certification Authority|\bO=ISCA\b", re.IGNORECASE),
}
ALSO_HONEST: Final = frozenset({"kz-2015"})
"""Roots whose name honest sites of the state use too: they prove nothing where the control meets the same."""


def state_issuer(name: str) -> str | None:
    """Which of the known Kazakh interception roots this issuer or subject belongs to; `None` if to none."""
    for known, pattern in _STATE_ISSUERS.items():
        if pattern.search(name):
            return known
    return None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A block page that is known: what it contains, where it redirects to."""

    id: str
    body: str = ""
    location: str = ""


FINGERPRINTS: Final = (
    Fingerprint("kz.page_blocked", body="Страница заблокирована"),
    Fingerprint("kz.resource_restricted", body="Доступ к информационному ресурсу ограничен"),
    Fingerprint("kz.resource_restricted_kk", body="Ақпараттық ресурсқа қолжетімділік шектелген"),
    Fingerprint("ru.requested_resource", body="Доступ к запрашиваемому ресурсу ограничен"),
    Fingerprint("ru.rkn_blank", location="https://vk.com/blank.php?rkn="),
    Fingerprint("by.mininfo", location="https://www.a1.by/mininfo/"),
    Fingerprint("by.mts", location="https://internet.mts.by/blocked/"),
    Fingerprint("ir.injected_frame", body='<iframe src="http://10.10.34.'),
    Fingerprint("id.internet_positif", location="http://internet-positif.org"),
    Fingerprint("id.uzone", location="http://internetpositif.uzone.id"),
    Fingerprint("id.aduan_konten", location=".aduankonten.id"),
    Fingerprint("id.trust_positif", body="trustpositif.kominfo.go.id"),
)  # fmt: skip

_BODIES: Final = tuple((known.body, known.id) for known in FINGERPRINTS if known.body)
_LOCATIONS: Final = tuple((known.location, known.id) for known in FINGERPRINTS if known.location)
_REFUSALS: Final = re.compile(
    r"in your jurisdiction"
    r"|(?:blocked|restricted|denied|unavailable)[^.<]{0,80}(?:by (?:order|decision|law|court)|in accordance with|legislation"
    r"|government|ministry|regulator)"
    r"|(?:access|site|page|resource|website)[^.<]{0,40}(?:has been|is|was) (?:blocked|restricted|banned)"
    r"|(?:доступ|сайт|ресурс|страниц)[^.<]{0,80}(?:ограничен|заблокирован|запрещ[её]н)"
    r"|(?:сайт|ресурс|бет)[^.<]{0,60}(?:бұғатталған|шектелген|тыйым салынған)",
    re.IGNORECASE,
)
_REFUSAL_STEMS: Final = tuple(
    "jurisdiction block restrict denied unavailable banned огранич заблокирован запрещ бұғатталған шектелген тыйым".split()
)
"""Looked for before the pattern is tried: a page without any of them refuses nothing, and costs next to nothing."""
_CHALLENGES: Final = (
    "cf-browser-verification",
    "_cf_chl_opt",
    "/cdn-cgi/challenge-platform",
    "Checking your browser before accessing",
    "hcaptcha",
    "g-recaptcha",
    "Just a moment...",
    "_Incapsula_Resource",
    "DDoS-Guard",
    "Pardon Our Interruption",
)
CHALLENGE: Final = "challenge"
REFUSAL: Final = "refusal"
SHORT_PAGE: Final = 16_384
SEARCHED_BYTES: Final = 65_536
"""How much of a page is looked through: block pages are short, and a hostile page must not cost time."""


def known_page(text: str, location: str | None) -> str | None:
    """The fingerprint that a page or its redirect carries.

    `CHALLENGE` where a CDN asks for proof of being human; `REFUSAL` where the page is short and its words say that access
    is blocked or restricted, which is strong but not certain; `None` where it looks like any page.
    """
    for body, known in _BODIES:
        if body in text:
            return known
    if location:
        for place, known in _LOCATIONS:
            if _leads_to(place, location):
                return known
    if any(mark in text for mark in _CHALLENGES):
        return CHALLENGE
    return REFUSAL if len(text) < SHORT_PAGE and _refuses(text) else None


def _refuses(text: str) -> bool:
    lower = text.lower()
    return any(stem in lower for stem in _REFUSAL_STEMS) and _REFUSALS.search(text) is not None


def _leads_to(known: str, location: str) -> bool:
    if known.startswith("."):
        host = location.partition("://")[2].partition("/")[0].partition(":")[0]
        return host.endswith(known)
    return location.startswith(known)


def is_certain(fingerprint: str | None) -> bool:
    """Whether this fingerprint alone proves blocking."""
    return fingerprint not in {None, CHALLENGE, REFUSAL}
