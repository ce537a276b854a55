"""Line protocol, read as strictly as the documentation describes it: one function that parses or says what is wrong."""

import re
from typing import NamedTuple

Value = float | int | str | bool
_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")


class LineError(Exception):
    """The line cannot be parsed; the message is what InfluxDB would say."""

    def __init__(self, line: str, reason: str) -> None:
        super().__init__(f"unable to parse '{line}': {reason}")


class ParsedLine(NamedTuple):
    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: dict[str, Value]
    time_ns: int


def parse_lines(body: str) -> tuple[list[tuple[str, ParsedLine]], list[LineError]]:
    """Every line that parses, with its text, and every one that does not."""
    good, bad = [], []
    for text in split_lines(body):
        if text.strip() and not text.startswith("#"):
            try:
                good.append((text, parse_line(text)))
            except LineError as error:
                bad.append(error)
    return good, bad


def split_lines(body: str) -> list[str]:
    lines, start, quoted, at = [], 0, False, 0
    while at < len(body):
        sign = body[at]
        if sign == "\\":
            at += 1
        elif sign == '"':
            quoted = not quoted
        elif sign == "\n" and not quoted:
            lines.append(body[start:at])
            start = at + 1
        at += 1
    return [*lines, body[start:]]


def parse_line(line: str) -> ParsedLine:
    parts = _cut(line, " ", quotes=True)
    if len(parts) not in {2, 3}:
        raise LineError(line, "missing fields" if len(parts) < 2 else "bad timestamp")
    head, fields = parts[:2]
    if "\n" in line:
        raise LineError(line, "newline in a value")
    measurement, *tags = _cut(head, ",", quotes=False)
    if not measurement:
        raise LineError(line, "missing measurement")
    stamp = parts[2] if len(parts) == 3 else ""
    if not re.fullmatch(r"-?\d{1,19}", stamp):
        raise LineError(line, "bad timestamp")
    read = [_pair(line, tag) for tag in tags]
    if len({name for name, _ in read}) != len(read):
        raise LineError(line, "duplicate tags")
    return ParsedLine(_plain(measurement, ", "), tuple(sorted(read)), dict(_fields(line, fields)), int(stamp))


def _pair(line: str, text: str) -> tuple[str, str]:
    cut = _cut(text, "=", quotes=False)
    if len(cut) != 2 or not all(cut):
        raise LineError(line, "missing tag value")
    name, value = (_plain(part, ",= ") for part in cut)
    if name.startswith("_") or name == "time":
        raise LineError(line, f"the name {name} is reserved")
    return name, value


def _fields(line: str, text: str) -> list[tuple[str, Value]]:
    found = []
    for part in _cut(text, ",", quotes=True):
        name, sign, value = part.partition("=")
        if not sign or not name or not value:
            raise LineError(line, "invalid field format")
        found.append((_plain(name, ",= "), _value(line, value)))
    return found


def _value(line: str, text: str) -> Value:
    if text.startswith('"'):
        if len(text) < 2 or not text.endswith('"') or re.search(r'(?<!\\)(\\\\)*"', text[1:-1]):
            raise LineError(line, "unbalanced quotes")
        return re.sub(r'\\(["\\])', r"\1", text[1:-1])
    if text in {"t", "T", "true", "True", "TRUE"}:
        return True
    if text in {"f", "F", "false", "False", "FALSE"}:
        return False
    if re.fullmatch(r"-?\d+i", text) and -(2**63) <= int(text[:-1]) < 2**63:
        return int(text[:-1])
    if _NUMBER.fullmatch(text):
        return float(text)
    raise LineError(line, "invalid number")


def _cut(text: str, sign: str, *, quotes: bool) -> list[str]:
    parts, start, quoted, at = [], 0, False, 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif quotes and text[at] == '"':
            quoted = not quoted
        elif text[at] == sign and not quoted:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def _plain(text: str, signs: str) -> str:
    return re.sub(r"\\([" + re.escape(signs) + "])", r"\1", text)
