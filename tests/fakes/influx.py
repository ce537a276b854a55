"""A strict InfluxDB 2 on loopback: answers as the documentation says, and refuses what a real one would refuse.

It parses line protocol, keeps field types apart, obeys the retention of its buckets by its own clock, joins the fields of
two writes of one moment, evaluates the Flux that we send and runs tasks when it is told to. `trouble` makes it fail.
"""

import asyncio
import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from monitor.domain.ports import Clock
from monitor.domain.series import nanoseconds
from tests.fakes import flux
from tests.fakes.flux import Database, FluxError, Moment, Row, Stream, rfc3339nano
from tests.fakes.line_protocol import ParsedLine, Value, parse_lines

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
TYPES = {bool: "boolean", int: "long", float: "double", str: "string", Moment: "dateTime:RFC3339"}
Series = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class FakeBucket:
    id: str
    every_seconds: int
    points: dict[Series, dict[int, dict[str, Value]]] = field(default_factory=dict)
    types: dict[tuple[str, str], type] = field(default_factory=dict)


@dataclass
class FakeTask:
    id: str
    name: str
    script: str
    status: str = "active"
    last_run_status: str | None = None
    last_run_error: str | None = None


class FakeInflux:
    """One server; use as `async with`.

    Attributes:
        trouble: asked for each request before it is looked at; what it returns is the answer, `None` goes on as usual.
        writes: the lines of every body that was accepted for reading, in the order they came.
        most_bytes: larger bodies (after decompression) get 413.
    """

    def __init__(self, clock: Clock, *, org: str = "dabyl-test", token: str = "let-me-in") -> None:
        self.clock = clock
        self.org, self.token = org, token
        self.buckets: dict[str, FakeBucket] = {}
        self.tasks: dict[str, FakeTask] = {}
        self.trouble: Callable[[web.Request], Awaitable[web.StreamResponse | None]] | None = None
        self.writes: list[list[str]] = []
        self.statuses: list[int] = []
        self.most_bytes = 2**40
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**30, middlewares=[self._guard])
        app.router.add_get("/ping", self._ping)
        app.router.add_post("/api/v2/write", self._write)
        app.router.add_post("/api/v2/query", self._query)
        app.router.add_post("/api/v2/delete", self._delete)
        app.router.add_get("/api/v2/orgs", self._orgs)
        app.router.add_get("/api/v2/buckets", self._list_buckets)
        app.router.add_post("/api/v2/buckets", self._make_bucket)
        app.router.add_patch("/api/v2/buckets/{id}", self._change_bucket)
        app.router.add_delete("/api/v2/buckets/{id}", self._remove_bucket)
        app.router.add_get("/api/v2/tasks", self._list_tasks)
        app.router.add_post("/api/v2/tasks", self._make_task)
        app.router.add_patch("/api/v2/tasks/{id}", self._change_task)
        app.router.add_delete("/api/v2/tasks/{id}", self._remove_task)
        await self.start(app)
        return self

    async def start(self, app: web.Application, port: int = 0) -> None:
        self._runner = web.AppRunner(
            app, access_log=None, auto_decompress=False, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def add_bucket(self, name: str, kept: timedelta | None = None) -> None:
        seconds = int(kept.total_seconds()) if kept else 0
        self.buckets[name] = FakeBucket(f"{len(self.buckets):016x}", seconds)

    def count(self, bucket: str) -> int:
        return sum(len(times) for times in self.buckets[bucket].points.values())

    def run_tasks(self) -> None:
        """Every active task once, at the clock's present moment."""
        for task in self.tasks.values():
            if task.status == "active":
                flux.run(task.script, self._database())
                task.last_run_status = "success"

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await self.trouble(request) if self.trouble is not None else None
        if answer is None and request.path != "/ping" and request.headers.get("Authorization") != f"Token {self.token}":
            answer = refused(401, "unauthorized", "unauthorized access")
        if answer is None and request.query.get("org", self.org) != self.org:
            answer = refused(404, "not found", f'organization name "{request.query["org"]}" not found')
        answer = answer or await handler(request)
        self.statuses.append(answer.status)
        return answer

    async def _ping(self, request: web.Request) -> web.Response:
        return web.Response(status=204, headers={"X-Influxdb-Version": "v2.7.11", "X-Influxdb-Build": "OSS"})

    async def _write(self, request: web.Request) -> web.Response:
        bucket = self.buckets.get(request.query.get("bucket", ""))
        if "org" not in request.query or bucket is None:
            return refused(404, "not found", f'bucket "{request.query.get("bucket")}" not found')
        if request.query.get("precision", "ns") != "ns":
            return refused(400, "invalid", "this fake knows nanoseconds only")
        body = await request.read()
        try:
            data = gzip.decompress(body) if request.headers.get("Content-Encoding") == "gzip" else body
            text = data.decode()
        except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
            return refused(400, "invalid", f"failed to read the body: {type(error).__name__}")
        if len(data) > self.most_bytes:
            return refused(413, "request too large", "cannot read data: points batch is too large")
        good, bad = parse_lines(text)
        if bad:
            return refused(400, "invalid", "\n".join(str(error) for error in bad))
        self.writes.append([line for line, _ in good])
        return self._store(bucket, [parsed for _, parsed in good])

    def _store(self, bucket: FakeBucket, lines: list[ParsedLine]) -> web.Response:
        oldest = (
            nanoseconds(self.clock.now() - timedelta(seconds=bucket.every_seconds)) if bucket.every_seconds else None
        )
        dropped, reason = 0, ""
        for line in lines:
            clash = self._clash(bucket, line)
            if clash or (oldest is not None and line.time_ns < oldest):
                dropped += 1
                reason = reason or clash or "points outside retention policy"
                continue
            times = bucket.points.setdefault((line.measurement, line.tags), {})
            times.setdefault(line.time_ns, {}).update(line.fields)
        if dropped:
            said = f"failure writing points to database: partial write: {reason} dropped={dropped}"
            return refused(422, "unprocessable entity", said)
        return web.Response(status=204)

    def _clash(self, bucket: FakeBucket, line: ParsedLine) -> str:
        for name, value in line.fields.items():
            known = bucket.types.setdefault((line.measurement, name), type(value))
            if known is not type(value):
                return (
                    f'field type conflict: input field "{name}" on measurement "{line.measurement}" is type '
                    f"{type(value).__name__}, already exists as type {known.__name__}"
                )
        return ""

    async def _query(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked.get("type") != "flux" or not asked.get("dialect", {}).get("header"):
            return refused(400, "invalid", "flux with a header, please")
        if set(asked["dialect"]["annotations"]) != {"datatype", "group", "default"}:
            return refused(400, "invalid", "all three annotations, please")
        try:
            streams = flux.run(asked["query"], self._database())
        except FluxError as error:
            return refused(400, "invalid", f"compilation failed: error at {error}")
        except KeyError as error:
            return refused(404, "not found", f"failed to initialize execute state: could not find bucket {error}")
        return web.Response(text=annotated_csv(streams), content_type="text/csv")

    def _database(self) -> Database:
        return Database(self._rows, self._keep, lambda: nanoseconds(self.clock.now()))

    def _rows(self, bucket: str, start: int, stop: int) -> list[Row]:
        return [
            {"_measurement": measurement, **dict(tags), "_field": name, "_value": value, "_time": Moment(time_ns)}
            for (measurement, tags), times in self.buckets[bucket].points.items()
            for time_ns, fields in times.items()
            if start <= time_ns < stop
            for name, value in fields.items()
        ]

    def _keep(self, bucket: str, rows: list[Row]) -> None:
        for row in rows:
            tags = {k: v for k, v in row.items() if not k.startswith("_") and isinstance(v, str) and v}
            key = (row["_measurement"], tuple(sorted(tags.items())))
            times = self.buckets[bucket].points.setdefault(key, {})
            times.setdefault(int(row["_time"]), {})[row["_field"]] = row["_value"]

    async def _delete(self, request: web.Request) -> web.Response:
        asked = await request.json()
        bucket = self.buckets.get(request.query.get("bucket", ""))
        if bucket is None:
            return refused(404, "not found", "bucket not found")
        if asked.get("predicate"):
            return refused(400, "invalid", "this fake knows no predicates")
        start, stop = (nanoseconds(datetime.fromisoformat(asked[name]).astimezone(UTC)) for name in ("start", "stop"))
        for times in bucket.points.values():
            for time_ns in [time_ns for time_ns in times if start <= time_ns <= stop]:
                del times[time_ns]
        return web.Response(status=204)

    async def _orgs(self, request: web.Request) -> web.Response:
        return web.json_response({"orgs": [{"id": "00000000000000aa", "name": self.org}]})

    async def _list_buckets(self, request: web.Request) -> web.Response:
        offset, limit = int(request.query.get("offset", 0)), int(request.query.get("limit", 20))
        known = [{"id": "ff", "name": "_monitoring", "type": "system", "retentionRules": []}]
        known += [_bucket(name, bucket) for name, bucket in self.buckets.items()]
        return web.json_response({"buckets": known[offset : offset + limit]})

    async def _make_bucket(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked.get("orgID") != "00000000000000aa":
            return refused(400, "invalid", "orgID is needed")
        if asked["name"] in self.buckets:
            return refused(422, "conflict", f"bucket with name {asked['name']} already exists")
        rules = asked.get("retentionRules") or []
        self.add_bucket(asked["name"], timedelta(seconds=rules[0]["everySeconds"]) if rules else None)
        return web.json_response(_bucket(asked["name"], self.buckets[asked["name"]]), status=201)

    async def _change_bucket(self, request: web.Request) -> web.Response:
        for name, bucket in self.buckets.items():
            if bucket.id == request.match_info["id"]:
                bucket.every_seconds = (await request.json())["retentionRules"][0]["everySeconds"]
                return web.json_response(_bucket(name, bucket))
        return refused(404, "not found", "bucket not found")

    async def _remove_bucket(self, request: web.Request) -> web.Response:
        self.buckets = {name: bucket for name, bucket in self.buckets.items() if bucket.id != request.match_info["id"]}
        return web.Response(status=204)

    async def _list_tasks(self, request: web.Request) -> web.Response:
        name = request.query.get("name")
        found = [_task(task) for task in self.tasks.values() if name in {None, task.name}]
        return web.json_response({"tasks": found, "links": {"self": "/api/v2/tasks"}})

    async def _make_task(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked.get("org") != self.org:
            return refused(400, "invalid", "org is needed")
        return self._put_task(f"{len(self.tasks) + 1:016x}", asked, 201)

    async def _change_task(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.tasks:
            return refused(404, "not found", "task not found")
        return self._put_task(request.match_info["id"], await request.json(), 200)

    def _put_task(self, number: str, asked: dict[str, Any], status: int) -> web.Response:
        try:
            options = flux.task_options(asked["flux"])
        except FluxError as error:
            return refused(400, "invalid", str(error))
        if not {"name", "every"} <= set(options):
            return refused(400, "invalid", "missing name or every")
        self.tasks[number] = FakeTask(number, options["name"], asked["flux"], asked.get("status", "active"))
        return web.json_response(_task(self.tasks[number]), status=status)

    async def _remove_task(self, request: web.Request) -> web.Response:
        del self.tasks[request.match_info["id"]]
        return web.Response(status=204)


def refused(status: int, code: str, message: str, **headers: str) -> web.Response:
    text = json.dumps({"code": code, "message": message})
    return web.Response(status=status, text=text, content_type="application/json", headers=headers)


async def hang(request: web.Request) -> web.StreamResponse | None:
    await asyncio.Event().wait()
    return None


async def cut_line(request: web.Request) -> web.StreamResponse | None:
    """Break the connection off in the middle of an answer, after all was read."""
    await request.read()
    assert request.transport is not None
    request.transport.abort()
    return web.Response(status=500)


def _bucket(name: str, bucket: FakeBucket) -> dict[str, Any]:
    rules = [{"type": "expire", "everySeconds": bucket.every_seconds}] if bucket.every_seconds else []
    return {"id": bucket.id, "orgID": "00000000000000aa", "name": name, "type": "user", "retentionRules": rules}


def _task(task: FakeTask) -> dict[str, Any]:
    return {
        "id": task.id, "orgID": "00000000000000aa", "name": task.name, "flux": task.script, "status": task.status,
        "lastRunStatus": task.last_run_status, "lastRunError": task.last_run_error,
    }  # fmt: skip


def annotated_csv(streams: list[Stream]) -> str:
    """Tables of one shape after another under one header; a new shape begins with new annotations."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for stream in streams:
        shape: object = None
        for number, table in enumerate(stream.tables):
            columns = list(dict.fromkeys(name for row in table.rows for name in row))
            kinds = [_kind(table.rows, column) for column in columns]
            if (columns, kinds, table.key) != shape:
                if out.tell():
                    out.write("\r\n")
                shape = (columns, kinds, table.key)
                writer.writerow(["#datatype", "string", "long", *kinds])
                writer.writerow(["#group", "false", "false", *(str(c in table.key).lower() for c in columns)])
                writer.writerow(["#default", stream.name, "", *("" for _ in columns)])
                writer.writerow(["", "result", "table", *columns])
            for row in table.rows:
                writer.writerow(["", "", number, *(_cell(row.get(column)) for column in columns)])
    return out.getvalue() + "\r\n"


def _kind(rows: list[Row], column: str) -> str:
    return next((TYPES[type(row[column])] for row in rows if row.get(column) is not None), "string")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Moment):
        return rfc3339nano(value)
    if isinstance(value, bool):
        return str(value).lower()
    return re.sub(r"^-?0\.0$", "0", repr(value)) if isinstance(value, float) else str(value)
