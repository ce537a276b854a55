"""Test lists in the Citizen Lab's form (`url,category_code,category_description,date_added,source,notes`) as services.

The lists themselves are CC BY-NC-SA 4.0 and are not part of this project: a person brings them in at run time.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Set
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import ValidationError

from monitor.domain.ids import content_id
from monitor.domain.targets import Risk, Service, Target, ascii_host

Kind = Literal[
    "messenger", "news", "social", "search", "infrastructure", "circumvention", "government", "bank", "other"
]
CATEGORIES: Final[dict[str, Kind]] = {
    **dict.fromkeys(
        "ALDR REL PORN PROV POLR HUMR ENV MILX HATE XED PUBH GMB DATE LGBT GAME HACK CULTR ECON IGO".split(), "other"
    ),
    **dict.fromkeys("COMM CTRL MISC FILE MMED".split(), "other"),
    "NEWS": "news",
    "ANON": "circumvention",
    "GRP": "social",
    "COMT": "messenger",
    "SRCH": "search",
    "HOST": "infrastructure",
    "GOVT": "government",
}
"""Citizen Lab's 30 category codes, and the kind of service that each comes nearest to."""
MOST_ROWS: Final = 50_000
_LONGEST_ID: Final = 60


def read_list(text: str, categories: Set[str], risk: Risk) -> tuple[list[Service], list[tuple[int, str]]]:
    """Services of a list, and what was left out, as (line, reason).

    Args:
        text: the CSV file.
        categories: only rows of these; empty for all.
        risk: of every service made.
    """
    services: dict[str, Service] = {}
    faults: list[tuple[int, str]] = []
    reader = csv.DictReader(io.StringIO(text), restkey="rest")
    if not {"url", "category_code"} <= set(reader.fieldnames or ()):
        return [], [(1, "the first line must name the columns url and category_code")]
    try:
        for row in reader:
            if reader.line_num > MOST_ROWS:
                faults.append((reader.line_num, f"more than {MOST_ROWS} lines"))
                break
            url, code = (row.get("url") or "").strip(), (row.get("category_code") or "").strip()
            if categories and code not in categories:
                continue
            try:
                services.setdefault(url, _service(url, code, risk))
            except ValueError as error:
                faults.append((reader.line_num, _reason(error)))
    except csv.Error as error:
        faults.append((reader.line_num, f"not CSV: {error}"))
    return list(services.values()), faults


def _service(url: str, code: str, risk: Risk) -> Service:
    if code not in CATEGORIES:
        raise ValueError(f"unknown category '{code[:20]}'")
    if not url.startswith(("http://", "https://")):
        raise ValueError("not an http(s) address")
    name = _name(url)
    return Service(
        id=name,
        name=url[:200],
        kind=CATEGORIES[code],
        risk=risk,
        every_seconds=3600,
        targets=(Target(id=name, url=url),),
    )


def _name(url: str) -> str:
    """An id out of the address: its host, with a few digits of its digest so that two pages of a host stay apart."""
    host = re.sub(r"[^a-z0-9.-]", "-", ascii_host(urlsplit(url).hostname or "")).strip(".-")[:_LONGEST_ID]
    return f"list-{host}-{content_id(url)[:6]}"


def _reason(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        return error.errors()[0]["msg"].removeprefix("Value error, ")
    return str(error)


def services_yaml(services: Iterable[Service]) -> str:
    """The services as entries for targets.yaml, one a line (JSON is YAML)."""
    rows = [
        {**service.model_dump(mode="json", exclude_defaults=True), "risk": service.risk.value} for service in services
    ]
    return "".join(f"  - {json.dumps(row, ensure_ascii=False)}\n" for row in rows)
