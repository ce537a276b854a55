"""Ids made from content, so that a repeat of anything is harmless.

An id is the first 128 bits of SHA-256 over length-prefixed parts, in hexadecimal (32 characters). The length prefix
keeps ("ab", "c") and ("a", "bc") apart. Ids of the reports at hand are remembered, because a report is asked for its own
many times on its way.
"""

import hashlib
from functools import lru_cache


def content_id(*parts: str) -> str:
    """The id of these parts, in this order. The same parts give the same id on every machine and in every release."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()[:32]


@lru_cache(maxsize=1024)
def report_id(origin: str, key: str) -> str:
    """The id of a post or item: where it stands (`telegram:name`, a feed's id) and its key there.

    The same post read through two ways (a preview page and an export) has one origin and one key, hence one id.
    """
    return content_id("report", origin, key)


@lru_cache(maxsize=1024)
def version_id(report: str, title: str | None, text: str) -> str:
    """The id of one wording of a report; an edit that changes no word is no version."""
    return content_id("version", report, " ".join((title or "").split()), " ".join(text.split()))
