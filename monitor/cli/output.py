"""Printing: JSON Lines for programs; tables, CSV and JSON for people who ask for them."""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

MAX_LINE_BYTES: Final = 16 * 1024 * 1024
"""Longest line that a command reads at once."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def json_line(record: Mapping[str, Any]) -> bytes:
    """One record as one line of UTF-8 JSON; text that UTF-8 cannot carry (lone surrogates) is escaped."""
    try:
        return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def write_lines(records: Iterable[Mapping[str, Any]]) -> int:
    """Print records as JSON Lines as they come; returns how many carried an `error`."""
    errors = 0
    out = sys.stdout.buffer
    for record in records:
        out.write(json_line(record))
        errors += "error" in record
    out.flush()
    return errors


def console() -> Console:
    """The terminal, as wide as it is; plain text where the output is a file."""
    return Console(highlight=False, soft_wrap=False)


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], title: str | None = None) -> None:
    """Rows as a table; control characters are shown as escapes so that no text can drive the terminal."""
    table = Table(title=title, show_lines=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column == "at" or column.endswith("_at"))
    for row in rows:
        table.add_row(*(Text(_briefly(column, row.get(column))) for column in columns))
    console().print(table)


def _briefly(column: str, value: Any) -> str:
    """As `shown`; a time without seconds, so that a row fits a terminal."""
    text = shown(value)
    is_time = (column == "at" or column.endswith("_at")) and _TIME.match(text)
    return f"{text[:10]} {text[11:16]}Z" if is_time else text


def shown(value: Any) -> str:
    """A value as a person reads it in a terminal."""
    if value is None:
        return "-"
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(part) for part in value) or "-"
    return printable(str(value))


def printable(text: str) -> str:
    """The text with control and direction-changing characters shown as escapes."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text).encode("utf-8", "replace").decode()


def opened(name: str) -> BinaryIO:
    """The file of that name, or standard input for `-`."""
    return sys.stdin.buffer if name == "-" else Path(name).open("rb")


def finish(errors: int) -> None:
    """End with exit code 1 if there were errors."""
    if errors:
        raise click.exceptions.Exit(1)
