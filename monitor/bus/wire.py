"""What parts say to each other, as bytes: versioned, checked, bounded. `docs/bus.asyncapi.yaml` describes it for others.

Promises that what was packed is unpacked as it was, lone surrogates included, and that one item which makes no sense
costs itself, with a reason, and never its neighbours.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from monitor.domain.agents import Parcel
from monitor.domain.connectivity import Round, round_json
from monitor.domain.health import Health
from monitor.domain.measurements import Measurement
from monitor.domain.moments import rfc3339
from monitor.domain.reports import Deletion, Item, Media, Report
from monitor.domain.signals import Signal

VERSION: Final = 1
LARGEST_BYTES: Final = 8 * 2**20
"""A message larger than this is refused before it is parsed."""
LARGEST_TEXT: Final = 2 * 2**20
"""Characters of one text."""
MOST_ITEMS: Final = 5000

Content = Report | Deletion | Health | Signal | Measurement | Round | Parcel

_HEALTH: Final = TypeAdapter(Health)
_SIGNAL: Final = TypeAdapter(Signal)
_PARCEL: Final = TypeAdapter(Parcel)
_ROUND: Final = TypeAdapter(Round)
_MEASUREMENT: Final = TypeAdapter(Measurement)
_TEXTS: Final = frozenset({"source", "origin", "key", "text"})
_MAYBE_TEXTS: Final = frozenset({"title", "link", "forwarded_from", "reply_to"})
_MOMENTS: Final = frozenset({"observed_at", "published_at", "edited_at"})
_FLAGS: Final = frozenset({"edited", "is_service"})
_REPORT_KEYS: Final = frozenset(field.name for field in fields(Report))


class WireError(ValueError):
    """Bytes that are no message of ours; says what is wrong without repeating them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Items on their way from a collecting part to a reading one.

    Attributes:
        sender: the collecting part.
        name: unique for this sender; the receipt names it.
        faults: items that could not be read, with the reason.
    """

    sender: str
    name: str
    items: tuple[Item, ...]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A reading part has committed a batch.

    Attributes:
        refused: why it was not taken, and never will be; `None` where it is committed.
        unread: items of it that could not be read.
    """

    name: str
    refused: str | None = None
    unread: int = 0


def pack(items: Sequence[Item], *, sender: str, name: str) -> bytes:
    """A batch as bytes. Cursors stay with the sender: they move when the receipt has come."""
    head = f'{{"version":{VERSION},"sender":{json.dumps(sender)},"batch":{json.dumps(name)},"items":['
    return head.encode() + b",".join([_encoded(item) for item in items]) + b"]}"


def unpack(payload: bytes) -> Batch:
    """The batch again.

    Raises:
        WireError: the whole of it is no batch.
    """
    body = _object(payload)
    rows = body.get("items")
    if not isinstance(rows, list) or len(rows) > MOST_ITEMS:
        raise WireError(f"a batch holds a list of at most {MOST_ITEMS} items")
    items: list[Item] = []
    faults: list[str] = []
    for number, row in enumerate(rows):
        try:
            items.append(_item(row))
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            faults.append(f"item {number}: {_reason(error)}")
    return Batch(
        sender=_text(body, "sender", 200), name=_text(body, "batch", 200), items=tuple(items), faults=tuple(faults)
    )


def pack_receipt(receipt: Receipt) -> bytes:
    """A receipt as bytes."""
    return json.dumps({"version": VERSION} | asdict(receipt), separators=(",", ":")).encode()


def unpack_receipt(payload: bytes) -> Receipt:
    """The receipt again.

    Raises:
        WireError: it is none.
    """
    body = _object(payload)
    unread = body.get("unread", 0)
    if not isinstance(unread, int):
        raise WireError("'unread' must be a number")
    return Receipt(name=_text(body, "name", 200), refused=_maybe_text(body, "refused"), unread=unread)


def pack_health(health: Health) -> bytes:
    """How a part feels, as bytes."""
    return json.dumps({"version": VERSION, "health": _HEALTH.dump_python(health, mode="json")}).encode()


def unpack_health(payload: bytes) -> Health:
    """The health again.

    Raises:
        WireError: it is none.
    """
    try:
        return _HEALTH.validate_python(_object(payload).get("health"))
    except ValidationError as error:
        raise WireError(_reason(error)) from None


def _object(payload: bytes) -> dict[str, Any]:
    if len(payload) > LARGEST_BYTES:
        raise WireError(f"larger than {LARGEST_BYTES} bytes")
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        raise WireError("no JSON") from None
    if not isinstance(body, dict):
        raise WireError("no JSON object")
    version = body.get("version")
    if version != VERSION:
        raise WireError(f"version {VERSION} is spoken here, this says {str(version)[:20]!r}")
    return body


def _encoded(item: Item) -> bytes:
    """An item as JSON, named by what it is."""
    content = item.content
    source = json.dumps(item.source)
    if content is None:
        return f'{{"source":{source}}}'.encode()
    name, value = _named(content)
    return f'{{"source":{source},"{name}":'.encode() + value + b"}"


def _named(content: Content) -> tuple[str, bytes]:
    """What it is called on the wire, and its JSON."""
    match content:
        case Report():
            named = "report", _json(_report_values(content))
        case Measurement():
            named = "measurement", _MEASUREMENT.dump_json(content, exclude_none=True)
        case Round():
            named = "round", round_json(content)
        case Deletion():
            named = "deletion", _json(asdict(content) | {"observed_at": rfc3339(content.observed_at)})
        case Health():
            named = "health", _json(_HEALTH.dump_python(content, mode="json"))
        case Signal():
            named = "signal", _json(_SIGNAL.dump_python(content, mode="json"))
        case _:
            named = "parcel", _json(_PARCEL.dump_python(content, mode="json"))
    return named


def _json(value: Any) -> bytes:
    """Compact JSON in UTF-8; what UTF-8 cannot carry (lone surrogates) is escaped."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def _report_values(report: Report) -> dict[str, Any]:
    """What is not as usual is left out: half of the bytes of an ordinary post."""
    values: dict[str, Any] = {
        "source": report.source, "origin": report.origin, "key": report.key, "text": report.text,
        "observed_at": rfc3339(report.observed_at),
    }  # fmt: skip
    for name in ("title", "link", "forwarded_from", "reply_to", "views"):
        value = getattr(report, name)
        if value is not None:
            values[name] = value
    for name in ("published_at", "edited_at"):
        if (moment := getattr(report, name)) is not None:
            values[name] = rfc3339(moment)
    for name in _FLAGS:
        if getattr(report, name):
            values[name] = True
    if report.media:
        values["media"] = [[media.kind, media.details] for media in report.media]
    return values


def _item(row: Any) -> Item:
    if not isinstance(row, dict):
        raise WireError("must be an object")
    source = _text(row, "source", 200)
    kinds = [name for name in _CONTENTS if name in row]
    if len(row) != 1 + len(kinds) or len(kinds) > 1:
        raise WireError("holds one of report, deletion, health, signal, measurement, round, parcel")
    content = _CONTENTS[kinds[0]](row[kinds[0]]) if kinds else None
    return Item(source=source, content=content)


def _report(data: Any) -> Report:
    if not isinstance(data, dict):
        raise WireError("a report must be an object")
    if unknown := set(data) - _REPORT_KEYS:
        raise WireError(f"a report has no '{str(min(unknown))[:40]}'")
    values: dict[str, Any] = {name: _text(data, name) for name in _TEXTS}
    values |= {name: _maybe_text(data, name) for name in _MAYBE_TEXTS & data.keys()}
    values |= {name: _moment(data, name) for name in _MOMENTS & data.keys()}
    for name, kind in (("edited", bool), ("is_service", bool), ("views", int)):
        if name in data and not isinstance(data[name], kind):
            raise WireError(f"'{name}' must be of type {kind.__name__}")
    values |= {name: data[name] for name in ("edited", "is_service", "views") if name in data}
    if "observed_at" not in values:
        raise WireError("'observed_at' is missing")
    return Report(**values, media=tuple(_media(entry) for entry in data.get("media", ())))


def _media(entry: Any) -> Media:
    kind, details = entry
    if not isinstance(kind, str) or not isinstance(details, dict):
        raise WireError("'media' holds pairs of kind and details")
    return Media(kind, details)


def _deletion(data: Any) -> Deletion:
    if not isinstance(data, dict):
        raise WireError("a deletion must be an object")
    texts = {name: _text(data, name, 10_000) for name in ("source", "origin", "key")}
    return Deletion(**texts, observed_at=_moment(data, "observed_at"))


_CONTENTS: Final[Mapping[str, Callable[[Any], Content]]] = {
    "report": _report,
    "deletion": _deletion,
    "health": _HEALTH.validate_python,
    "signal": _SIGNAL.validate_python,
    "measurement": _MEASUREMENT.validate_python,
    "round": _ROUND.validate_python,
    "parcel": _PARCEL.validate_python,
}


def _text(data: Mapping[str, Any], name: str, longest: int = LARGEST_TEXT) -> str:
    value = data.get(name)
    if not isinstance(value, str) or len(value) > longest:
        raise WireError(f"'{name}' must be a text of at most {longest} characters")
    return value


def _maybe_text(data: Mapping[str, Any], name: str) -> str | None:
    return None if data.get(name) is None else _text(data, name)


def _moment(data: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(data, name, 40))
    except ValueError:
        raise WireError(f"'{name}' must be a time in RFC 3339") from None
    if moment.tzinfo is None:
        raise WireError(f"'{name}' must carry its offset from UTC")
    return moment


def _reason(error: Exception) -> str:
    if isinstance(error, WireError):
        return str(error)
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"[:200]
    return type(error).__name__
