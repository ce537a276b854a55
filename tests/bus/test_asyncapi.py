"""The description of the bus says what the program does."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import yaml

from monitor.bus.topics import Topics
from monitor.bus.wire import LARGEST_TEXT, MOST_ITEMS, VERSION, unpack, unpack_health, unpack_receipt
from monitor.domain.health import Feeling
from monitor.domain.reports import Item, Report

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).resolve().parents[2] / "docs" / "bus.asyncapi.yaml").read_text(encoding="utf-8")
)
MESSAGES = DOCUMENT["components"]["messages"]
SCHEMAS = DOCUMENT["components"]["schemas"]


def test_its_topics_are_ours() -> None:
    topics, channels = Topics(), {name: entry["address"] for name, entry in DOCUMENT["channels"].items()}
    assert channels == {
        "items": topics.items("{sender}", "{batch}"), "receipts": topics.receipts("{sender}"),
        "bell": topics.bell("{topic}"), "health": topics.health("{part}", "{instance}"),
    }  # fmt: skip
    assert topics.shared_items in DOCUMENT["channels"]["items"]["description"]


def test_its_examples_are_understood_whole() -> None:
    batch = unpack(json.dumps(MESSAGES["Batch"]["payload"]["examples"][0]).encode())
    assert len(batch.items) == 2
    assert not batch.faults
    assert unpack_receipt(json.dumps(MESSAGES["Receipt"]["payload"]["examples"][0]).encode()).refused is None
    assert unpack_health(json.dumps(MESSAGES["Health"]["payload"]["examples"][0]).encode()).feeling is Feeling.OK


def test_its_fields_and_limits_are_ours() -> None:
    assert set(SCHEMAS["Report"]["properties"]) == {field.name for field in fields(Report)}
    assert SCHEMAS["Health"]["properties"]["feeling"]["enum"] == [feeling.value for feeling in Feeling]
    assert MESSAGES["Batch"]["payload"]["properties"]["items"]["maxItems"] == MOST_ITEMS
    assert SCHEMAS["Report"]["properties"]["text"]["maxLength"] == LARGEST_TEXT
    assert {
        entry["payload"]["properties"]["version"]["const"]
        for entry in MESSAGES.values()
        if "properties" in entry["payload"]
    } == {VERSION}


def test_everything_that_a_collector_may_yield_can_travel() -> None:
    contents = {kind.__name__.lower() for kind in get_args(get_type_hints(Item)["content"]) if kind is not type(None)}
    assert contents == set(SCHEMAS["Item"]["properties"]) - {"source"}
