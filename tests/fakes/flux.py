"""The part of Flux that we send, parsed and evaluated over tables in memory. Whatever else is sent is refused.

Types are kept apart as InfluxDB does: a table with a column of two types is an error, and so is a sum of texts.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from monitor.store.series_influx_csv import time_ns

_TOKENS = re.compile(
    r'(?P<space>\s+|//[^\n]*)|(?P<text>"(?:[^"\\]|\\.)*")'
    r"|(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)|(?P<length>\d+(?:ns|us|ms|s|m|h|d))|(?P<number>\d+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>\|>|=>|==|[-(){}\[\],:.=])"
)
_UNITS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86_400 * 10**9}
_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", '"': b'"', "\\": b"\\"}


class FluxError(Exception):
    """The script is refused."""


class Moment(int):
    """Nanoseconds since 1970; a type of its own, as in Flux."""


class Length(int):
    """Nanoseconds of a duration."""


Row = dict[str, Any]


@dataclass
class Table:
    key: tuple[str, ...]
    rows: list[Row]


@dataclass
class Stream:
    tables: list[Table]
    name: str = "_result"
    bucket: str = ""


class Function(NamedTuple):
    parameter: str
    body: Any


@dataclass
class Database:
    """What a script may reach."""

    read: Callable[[str, int, int], list[Row]]
    write: Callable[[str, list[Row]], None]
    now_ns: Callable[[], int]
    results: list[Stream] = field(default_factory=list)


def run(script: str, database: Database) -> list[Stream]:
    """The results of a script, in the order of their yields."""
    tree = _Parser(_tokens(script)).program()
    return _Evaluation(database).program(tree)


def task_options(script: str) -> Mapping[str, Any]:
    """What `option task` says; an empty mapping if there is none."""
    for statement in _Parser(_tokens(script)).program():
        if statement[0] == "option":
            return {name: value[1] for name, value in statement[2][1].items()}
    return {}


def text_literal(token: str) -> str:
    """What a text literal of Flux says; an expression inside it is refused, for we never send one."""
    out, at, inner = b"", 0, token[1:-1]
    while at < len(inner):
        sign = inner[at]
        if sign == "$" and inner[at + 1 : at + 2] == "{":
            raise FluxError("an expression inside a text")
        if sign != "\\":
            out += sign.encode()
        elif inner[at + 1] == "x":
            out += bytes.fromhex(inner[at + 2 : at + 4])
            at += 3
        elif inner[at + 1] in _ESCAPES:
            out += _ESCAPES[inner[at + 1]]
            at += 1
        else:
            raise FluxError(f"unknown escape \\{inner[at + 1]}")
        at += 1
    return out.decode()


def _tokens(script: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(script):
        match = _TOKENS.match(script, at)
        if match is None:
            raise FluxError(f"loc 1:{at}: invalid token {script[at]!r}")
        if match.lastgroup != "space":
            found.append((str(match.lastgroup), match.group()))
        at = match.end()
    return [*found, ("end", "")]


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def program(self) -> list[Any]:
        statements: list[Any] = []
        while self._tokens[self._at][0] != "end":
            statements.append(self._statement())
        return statements

    def _statement(self) -> Any:
        if self._take("name", "import"):
            return "import", text_literal(self._need("text"))
        option = self._take("name", "option")
        if option or self._tokens[self._at + 1] == ("sign", "="):
            name = self._need("name")
            self._need("sign", "=")
            return "option" if option else "let", name, self._expression()
        return "do", None, self._expression()

    def _expression(self) -> Any:
        left = self._and()
        while self._take("name", "or"):
            left = "or", left, self._and()
        return left

    def _and(self) -> Any:
        left = self._equal()
        while self._take("name", "and"):
            left = "and", left, self._equal()
        return left

    def _equal(self) -> Any:
        left = self._piped()
        if self._take("sign", "=="):
            return "==", left, self._piped()
        return left

    def _piped(self) -> Any:
        left = self._postfix()
        while self._take("sign", "|>"):
            call = self._postfix()
            if call[0] != "call":
                raise FluxError("a pipe needs a call")
            left = "call", call[1], call[2], left
        return left

    def _postfix(self) -> Any:
        made = self._primary()
        while True:
            if self._take("sign", "("):
                made = "call", made, self._arguments(")"), None
            elif self._take("sign", "."):
                made = "member", made, self._need("name")
            elif self._take("sign", "["):
                made = "member", made, text_literal(self._need("text"))
                self._need("sign", "]")
            else:
                return made

    def _primary(self) -> Any:
        kind, text = self._tokens[self._at]
        self._at += 1
        simple: dict[str, Callable[[], Any]] = {
            "text": lambda: ("value", text_literal(text)),
            "number": lambda: ("value", int(text)),
            "moment": lambda: ("value", Moment(time_ns(text))),
            "length": lambda: ("value", _length(text)),
            "name": lambda: ("value", text == "true") if text in {"true", "false"} else ("name", text),
        }
        if kind in simple:
            return simple[kind]()
        if text == "-":
            return "minus", self._primary()
        if text == "{":
            return "record", self._arguments("}")
        if text == "[":
            return "array", self._list()
        if text == "(" and self._tokens[self._at + 1] == ("sign", ")") and self._tokens[self._at + 2] == ("sign", "=>"):
            parameter = self._need("name")
            self._at += 2
            return "value", Function(parameter, self._expression())
        if text == "(":
            inner = self._expression()
            self._need("sign", ")")
            return inner
        raise FluxError(f"unexpected {text!r}")

    def _arguments(self, end: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self._take("sign", end):
            name = self._need("name")
            self._need("sign", ":")
            found[name] = self._expression()
            if not self._take("sign", ","):
                self._need("sign", end)
                break
        return found

    def _list(self) -> list[Any]:
        found: list[Any] = []
        while not self._take("sign", "]"):
            found.append(self._expression())
            self._take("sign", ",")
        return found

    def _take(self, kind: str, text: str) -> bool:
        if self._tokens[self._at] == (kind, text):
            self._at += 1
            return True
        return False

    def _need(self, kind: str, text: str | None = None) -> str:
        found = self._tokens[self._at]
        if found[0] != kind or text not in {None, found[1]}:
            raise FluxError(f"expected {text or kind}, got {found[1]!r}")
        self._at += 1
        return found[1]


def _length(text: str) -> Length:
    found = re.fullmatch(r"(\d+)([a-z]+)", text)
    assert found
    return Length(int(found.group(1)) * _UNITS[found.group(2)])


class _Evaluation:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._names: dict[str, Any] = {}
        self._imports: set[str] = set()
        self._yielded: list[Stream] = []

    def program(self, statements: list[Any]) -> list[Stream]:
        from tests.fakes import flux_functions  # noqa: PLC0415 - it needs the types above

        self._functions = flux_functions.FUNCTIONS
        for statement in statements:
            if statement[0] == "import":
                self._imports.add(statement[1])
            elif statement[0] == "let":
                if statement[1] in self._names:
                    raise FluxError(f"variable {statement[1]} reassigned")
                self._names[statement[1]] = self._value(statement[2], {})
            elif statement[0] == "do":
                self._do(statement[2])
        names = [stream.name for stream in self._yielded]
        if len(names) != len(set(names)):
            raise FluxError("duplicate yield names")
        return self._yielded

    def _do(self, expression: Any) -> None:
        made = self._value(expression, {})
        if not isinstance(made, Stream):
            raise FluxError("a statement without a stream")
        if not any(made is known for known in self._yielded):
            self._yielded.append(made)

    def _value(self, node: Any, scope: Mapping[str, Any]) -> Any:
        kind = node[0]
        if kind == "value":
            return node[1]
        if kind == "name":
            return self._named(node[1], scope)
        if kind == "minus":
            return Length(-self._value(node[1], scope))
        if kind in {"array", "record"}:
            return [self._value(part, scope) for part in node[1]]
        if kind == "member":
            record = self._value(node[1], scope)
            return record.get(node[2])
        if kind == "call":
            return self._call(node, scope)
        left = self._value(node[1], scope)
        if kind == "==":
            right = self._value(node[2], scope)
            if left is not None and type(left) is not type(right):
                raise FluxError("comparison of two types")
            return left == right
        return (left and self._value(node[2], scope)) if kind == "and" else (left or self._value(node[2], scope))

    def _named(self, name: str, scope: Mapping[str, Any]) -> Any:
        if name in scope:
            return scope[name]
        if name in self._names:
            return self._names[name]
        if name in self._functions:
            return self._functions[name]
        raise FluxError(f"undefined identifier {name}")

    def _call(self, node: Any, scope: Mapping[str, Any]) -> Any:
        _, callee, arguments, piped = node
        given = {name: self._value(value, scope) for name, value in arguments.items()}
        if callee[0] == "member":
            if callee[1] != ("name", "date") or "date" not in self._imports or callee[2] != "truncate":
                raise FluxError("unknown function")
            return self._truncate(**given)
        name = callee[1]
        if name == "now":
            return Moment(self._database.now_ns())
        stream = None if piped is None else self._value(piped, scope)
        if name not in self._functions:
            raise FluxError(f"undefined identifier {name}")
        predicate = given.get("fn")
        if isinstance(predicate, Function):
            body = predicate
            given["fn"] = lambda row: self._value(body.body, {**scope, body.parameter: row})
        try:
            made = self._functions[name](self._database, stream, **given)
        except TypeError as error:
            raise FluxError(f"{name}: {error}") from error
        if name == "yield":
            self._yielded.append(made)
        return made

    def _truncate(self, t: int, unit: Length) -> Moment:
        moment = t + self._database.now_ns() if isinstance(t, Length) else t
        return Moment(moment // unit * unit)


def stream_of(rows: list[Row], key: tuple[str, ...]) -> list[Table]:
    """Rows in tables of one group key each, in the order of the keys."""
    found: dict[tuple[Any, ...], Table] = {}
    for row in rows:
        names = tuple(name for name in key if row.get(name) is not None)
        values = tuple((name, row[name]) for name in names)
        found.setdefault(values, Table(names, [])).rows.append(row)
    tables = [found[values] for values in sorted(found, key=repr)]
    for table in tables:
        for column in {name for row in table.rows for name in row}:
            kinds = {type(row[column]) for row in table.rows if row.get(column) is not None}
            if len(kinds) > 1:
                raise FluxError(
                    f"schema collision: column {column!r} is {' and '.join(sorted(k.__name__ for k in kinds))}"
                )
    return tables


def rfc3339nano(time: int) -> str:
    seconds, rest = divmod(time, 10**9)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:09d}".rstrip("0").rstrip(".") + "Z"


__all__ = [
    "Database",
    "FluxError",
    "Length",
    "Moment",
    "Row",
    "Stream",
    "Table",
    "replace",
    "rfc3339nano",
    "run",
    "stream_of",
]
