"""Recorded input of every form as timed items: scenarios, exports, posts as JSON Lines, feeds and folders of feeds."""

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from collectors.feed_parse import FeedError, parse_feed
from collectors.posts import BadLine, read_posts
from collectors.scenario import Expectation
from collectors.telegram_export import reports as export_reports
from collectors.telegram_export_parse import ExportError, parse_export
from monitor.configuration import load_scenario
from monitor.domain.reports import Item, Report
from monitor.domain.sources import Source

FEED_ENDINGS = frozenset({".xml", ".rss", ".atom", ".rdf"})
Moment = tuple[datetime, Item]


class InputError(Exception):
    """A path that cannot be replayed; the message names it."""


@dataclass(slots=True)
class Recorded:
    """Everything read from the given paths.

    Attributes:
        faults: what could not be read, each with its file and line.
        mark: DEMO where a scenario is among the input.
        must, must_not: what scenarios among the input say must come, and must not.
    """

    moments: list[Moment] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    mark: str = ""
    must: list[Expectation] = field(default_factory=list)
    must_not: list[Expectation] = field(default_factory=list)


def read_inputs(paths: Iterable[Path], zone: str | None = None) -> Recorded:
    """All input, in the order of time.

    Raises:
        InputError: a path does not exist or is of no known form.
        ConfigurationError: a scenario has problems.
    """
    recorded = Recorded()
    for path in paths:
        for file in _files(path):
            _read(file, recorded, zone)
    recorded.moments.sort(key=lambda moment: moment[0])
    return recorded


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.is_file() and _form(file) is not None]
        if not files:
            message = f"{path}: nothing in this folder can be replayed"
            raise InputError(message)
        return files
    if not path.is_file():
        message = f"{path}: there is no such file or folder"
        raise InputError(message)
    if _form(path) is None:
        message = f"{path}: not a scenario (.yaml), an export (.json), posts (.jsonl, .jsonl.gz) or a feed (.xml, .rss, .atom)"
        raise InputError(message)
    return [path]


def _form(path: Path) -> str | None:
    name = path.name.lower()
    if name.endswith((".jsonl", ".jsonl.gz", ".ndjson")):
        return "posts"
    if path.suffix.lower() in {".yaml", ".yml"}:
        return "scenario"
    if path.suffix.lower() == ".json":
        return "json"
    return "feed" if path.suffix.lower() in FEED_ENDINGS else None


def _read(path: Path, recorded: Recorded, zone: str | None) -> None:
    match _form(path):
        case "scenario":
            scenario = load_scenario(path)
            recorded.sources.update({source.id: source for source in scenario.sources})
            recorded.moments += scenario.items()
            recorded.must += scenario.expect
            recorded.must_not += scenario.expect_not
            recorded.mark = "DEMO"
        case "posts":
            _add(recorded, _posts(path, recorded))
        case "json":
            _add(recorded, _json(path, recorded, zone))
        case _:
            _add(recorded, _feed(path, path.read_bytes(), recorded))


def _add(recorded: Recorded, reports: Iterable[Report]) -> None:
    for report in reports:
        recorded.moments.append((report.observed_at, Item(source=report.source, content=report)))


def _posts(path: Path, recorded: Recorded) -> Iterator[Report]:
    opened = gzip.open if path.name.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8", errors="replace") as lines:
        for entry in read_posts(lines, path.name):
            if isinstance(entry, BadLine):
                recorded.faults.append(f"{path}:{entry.number}: {entry.reason}")
            else:
                yield entry


def _json(path: Path, recorded: Recorded, zone: str | None) -> Iterator[Report]:
    body = path.read_bytes()
    try:
        messages = parse_export(body, zone)
    except ExportError as error:
        if b"jsonfeed.org" in body[:2000]:
            yield from _feed(path, body, recorded)
        else:
            recorded.faults.append(f"{path}: {error}")
        return
    recorded.faults += [f"{path}: {message.problem}" for message in messages if message.problem]
    without = sum(message.needs_zone for message in messages)
    if without:
        recorded.faults.append(f"{path}: {without} messages have no zone: give --zone, for example --zone Asia/Almaty")
    yield from export_reports(messages, path.stem)


def _feed(path: Path, body: bytes, recorded: Recorded) -> Iterator[Report]:
    try:
        feed = parse_feed(body)
    except (FeedError, ValueError) as error:
        recorded.faults.append(f"{path}: {error}")
        return
    for entry in feed.entries:
        if entry.published_at is None:
            recorded.faults.append(f"{path}: an entry has no date and is left out")
            continue
        yield Report(
            source=path.stem, origin=path.stem, key=entry.id, title=entry.title or None, text=entry.text, link=entry.link,
            published_at=entry.published_at, observed_at=entry.published_at,
        )  # fmt: skip
