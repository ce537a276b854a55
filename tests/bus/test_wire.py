"""What parts say to each other: unpacked as it was packed, and nonsense costs itself only."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.bus.wire import (
    LARGEST_BYTES,
    Receipt,
    WireError,
    pack,
    pack_health,
    pack_receipt,
    unpack,
    unpack_health,
    unpack_receipt,
)
from monitor.domain.agents import Parcel, Standing
from monitor.domain.health import Feeling
from monitor.domain.measurements import DnsStep, Failure, Measurement, TcpStep, Vantage
from monitor.domain.reports import Deletion, Item, Media, Report
from tests.store.cast import health, report, signal

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=()), max_size=200)
MOMENTS = st.datetimes(timezones=st.just(UTC))
REPORTS = st.builds(
    Report, source=st.just("a"), origin=TEXTS, key=TEXTS, text=TEXTS, observed_at=MOMENTS, title=st.none() | TEXTS,
    link=st.none() | TEXTS, published_at=st.none() | MOMENTS, edited=st.booleans(), edited_at=st.none() | MOMENTS,
    forwarded_from=st.none() | TEXTS, reply_to=st.none() | TEXTS, views=st.none() | st.integers(0, 2**60),
    media=st.lists(st.builds(Media, TEXTS, st.dictionaries(TEXTS, TEXTS | st.integers())), max_size=2).map(tuple),
    is_service=st.booleans(),
)  # fmt: skip


@given(st.lists(REPORTS, max_size=5))
def test_reports_come_out_as_they_went_in(reports: list[Report]) -> None:
    items = tuple(Item(source="a", content=one) for one in reports)
    batch = unpack(pack(items, sender="collect", name="n-1"))
    assert (batch.items, batch.sender, batch.name, batch.faults) == (items, "collect", "n-1", ())


def test_every_sort_of_content_comes_out_as_it_went_in() -> None:
    gone = Deletion(source="a", origin="o", key="1", observed_at=NOON)
    contents = (gone, health("source:a", Feeling.SILENT), signal(report("1")), None)
    items = tuple(Item(source="a", content=content) for content in contents)
    assert unpack(pack(items, sender="s", name="n")).items == items


def test_cursors_stay_with_the_sender() -> None:
    assert unpack(pack([Item(source="a", content=None, cursor="7")], sender="s", name="n")).items[0].cursor is None


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.integers() | TEXTS, st.lists).map(lambda v: json.dumps(v).encode())
)
def test_nonsense_is_refused_in_words(payload: bytes) -> None:
    for reading in (unpack, unpack_receipt, unpack_health):
        with pytest.raises(WireError):
            reading(payload)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"version": 2}, "version 1 is spoken here"),
        ({"items": {}}, "a batch holds a list"),
        ({"items": [{}] * 5001}, "at most 5000"),
        ({"sender": 5}, "'sender' must be a text"),
    ],
)
def test_a_batch_that_is_none_says_why(changed: dict[str, Any], words: str) -> None:
    body = json.loads(pack([], sender="s", name="n")) | changed
    with pytest.raises(WireError, match=words):
        unpack(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (7, "must be an object"),
        ({"source": "a", "report": {}, "signal": {}}, "holds one of"),
        ({"source": "a", "poem": {}}, "holds one of"),
        ({"source": "a", "report": {"source": "a"}}, "must be a text"),
        ({"source": "a", "report": {"source": "a", "origin": "o", "key": "k", "text": "t"}}, "'observed_at' is missing"),
        (
            {"source": "a", "report": {"source": "a", "origin": "o", "key": "k", "text": "t", "observed_at": "2026-01-05T12:00:00"}},
            "offset from UTC",
        ),
        ({"source": "a", "report": {"rank": 1}}, "a report has no 'rank'"),
        ({"source": "a", "deletion": []}, "a deletion must be an object"),
        ({"source": "a", "health": {"subject": 3}}, "subject"),
        ({"source": "a", "signal": {"id": "x"}}, "kind"),
    ],
)  # fmt: skip
def test_an_item_that_makes_no_sense_costs_itself(row: Any, words: str) -> None:
    good = Item(source="a", content=report("1"))
    body = json.loads(pack([good], sender="s", name="n"))
    body["items"].insert(0, row)
    batch = unpack(json.dumps(body).encode())
    assert batch.items == (good,)
    assert len(batch.faults) == 1
    assert words in batch.faults[0]


def test_what_is_too_large_is_not_parsed() -> None:
    with pytest.raises(WireError, match="larger than"):
        unpack(b" " * (LARGEST_BYTES + 1))


def test_receipts_and_healths_come_out_as_they_went_in() -> None:
    for receipt in (Receipt(name="n-1"), Receipt(name="n", refused="no JSON", unread=2)):
        assert unpack_receipt(pack_receipt(receipt)) == receipt
    assert unpack_health(pack_health(health("part:read"))) == health("part:read")


def test_what_agents_measured_comes_out_as_it_went_in() -> None:
    vantage = Vantage(id="a1", region="KZ-75", asn=9198)
    row = Measurement(
        id="m", target="t", service="web", url="https://example.org/", vantage=vantage, started_at=NOON,
        steps=(DnsStep(host="example.org", answers=("192.0.2.1",)), TcpStep(failure=Failure.CONNECTION_RESET)),
    )  # fmt: skip
    parcel = Parcel(
        agent="a1", sequence=3, attempt=1, digest="0" * 64, received_at=NOON, rows=1, standing=Standing(floor=2)
    )
    items = (Item(source="agents", content=row), Item(source="agents", content=parcel))
    assert unpack(pack(items, sender="s", name="n")).items == items
