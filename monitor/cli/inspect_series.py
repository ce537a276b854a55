"""`dabyl inspect series`: when did a series of connectivity, traffic or users change its state?"""

import csv
import io
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import click

from monitor.cli.output import write_lines
from monitor.detect.series import Change
from monitor.detect.series_file import Row, RowError, changes
from monitor.domain.moments import from_unix, parse_rfc3339, rfc3339

COLUMNS = ("timestamp_utc", "value")


@click.command(
    "series", epilog="\b\nExample:\n  dabyl inspect series traffic.csv\n  dabyl inspect series --explain traffic.csv"
)
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option(
    "--explain", is_flag=True, help="Add the bounds of the onset, the share lost, what was usual and who said so."
)
def series(files: tuple[str, ...], explain: bool) -> None:
    """Write each change of state of series in CSV files with the columns timestamp_utc,value (empty = missing).

    Values may be ratios 0..1, an index, traffic or counts; lower is worse. The step (5 minutes to a day) is found from
    the first rows. `detected_at` is the time of the last sample used: nothing looks ahead. A series is silent here until
    there is enough of it to judge, and is never called ok before that.
    """
    if sum([write_lines(_records(name, explain)) for name in files]):
        raise click.exceptions.Exit(1)


def _records(name: str, explain: bool) -> Iterator[dict[str, Any]]:
    label = "-" if name == "-" else Path(name).name.removesuffix(".csv")
    told = 0
    try:
        with click.open_file(name, "rb") as stream:
            for change in changes(_rows(stream)):
                told += 1
                yield change_record(label, change, explain=explain)
    except OSError as error:
        yield {"series": label, "error": f"{name}: cannot be read: {error.strerror}"}
    except (RowError, UnicodeDecodeError, csv.Error) as error:
        yield {"series": label, "error": f"{name}: {error}"}
    else:
        if not told:
            click.echo(f"{name}: too little data to say anything", err=True)


def change_record(label: str, change: Change, *, explain: bool) -> dict[str, Any]:
    """A change in the fixed form that people script against."""
    record = {
        "series": label,
        "state": change.state.value,
        "since": rfc3339(from_unix(change.since)),
        "detected_at": rfc3339(from_unix(change.detected_at)),
        "strength": round(change.strength, 3),
    }
    if explain:
        record |= {
            "onset_after": rfc3339(from_unix(change.earliest)) if change.earliest is not None else None,
            "onset_by": rfc3339(from_unix(change.latest)) if change.latest is not None else None,
            "loss_ratio": change.loss_ratio,
            "usual": change.usual,
            "forecaster": change.by,
        }
    return record


def _rows(stream: IO[bytes]) -> Iterator[Row]:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    reader = csv.reader(text)
    header = [column.strip() for column in next(reader, [])]
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise RowError(f"line 1: no column {' and '.join(missing)}")
    places = tuple(header.index(column) for column in COLUMNS)
    for cells in reader:
        if cells:
            yield _row(cells, places, reader.line_num)


def _row(cells: list[str], places: tuple[int, ...], line: int) -> Row:
    try:
        when, what = (cells[place].strip() for place in places)
        at = parse_rfc3339(when) if _has_zone(when) else datetime.fromisoformat(when).replace(tzinfo=UTC)
        value = float(what) if what else None
    except (ValueError, IndexError) as error:
        raise RowError(f"line {line}: not a row of {','.join(COLUMNS)}: {error}") from error
    if value is not None and not math.isfinite(value):
        return at.timestamp(), None
    return at.timestamp(), value


def _has_zone(when: str) -> bool:
    return when.endswith(("Z", "z")) or "+" in when[10:] or "-" in when[10:]
