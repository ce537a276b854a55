"""One InfluxDB 2 server, and the only file that knows influxdb_client.

Turns each answer into what is to be done about it: lines refused for good, a body that is too large, a server that wants
us to wait, or one that wants a person. Follows no redirect, for it would hand our token on; checks certificates always.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypeVar

import aiohttp
from influxdb_client import (
    BucketRetentionRules,
    BucketsService,
    DeletePredicateRequest,
    DeleteService,
    Dialect,
    OrganizationsService,
    PatchBucketRequest,
    PatchRetentionRule,
    PingService,
    PostBucketRequest,
    Query,
    QueryService,
    TaskCreateRequest,
    TasksService,
    TaskUpdateRequest,
    WriteService,
)
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException

from monitor.domain.errors import AccessDeniedError, UnavailableError
from monitor.domain.ports import Clock
from monitor.store.series_influx_access import InfluxAccess
from monitor.store.series_influx_answers import judged
from monitor.store.series_influx_csv import BadAnswerError, Row, rows

Result = TypeVar("Result")
ANSWER_BYTES: Final = 256 * 2**20
"""An answer that is larger is cut off: no question may take all memory."""


class FoundBucket(NamedTuple):
    """A bucket on the server; `kept` is `None` for ever."""

    id: str
    kept: timedelta | None


class FoundTask(NamedTuple):
    """A task on the server.

    Attributes:
        active: it runs when its time has come.
        failure: what its last run said when it failed; `None` if it did not fail.
    """

    id: str
    script: str
    active: bool
    failure: str | None


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one request may take, in seconds."""

    connect_seconds: float = 10.0
    write_seconds: float = 30.0
    query_seconds: float = 60.0


class InfluxServer:
    """Requests to one server. Make it inside a running event loop.

    Every call raises `UnavailableError` (wait, perhaps as long as it says) or `AccessDeniedError` (a person must act).
    """

    def __init__(self, access: InfluxAccess, clock: Clock, limits: Limits | None = None) -> None:
        self._access = access
        self._clock = clock
        self._limits = limits or Limits()
        self._client = InfluxDBClientAsync(
            access.url, access.token, access.org, allow_redirects=False, ssl_context=_certificates(access),
            timeout=aiohttp.ClientTimeout(total=self._limits.query_seconds, connect=self._limits.connect_seconds),
        )  # fmt: skip
        self._organisation: str | None = None

    async def write(self, bucket: str, body: bytes) -> None:
        """Hand over lines with nanosecond moments, compressed as gzip; they are stored when it returns.

        Raises:
            RefusedError: some or all of the lines were refused for good; none, some or all others were stored.
            TooLargeError: nothing was stored.
        """
        service = WriteService(self._client.api_client)
        sent = service.post_write_async(
            self._access.org, bucket, body, content_encoding="gzip", precision="ns", _return_http_data_only=False
        )
        _, status, _ = await self._asked(sent, self._limits.write_seconds)
        if status != 204:
            raise UnavailableError(f"the answer to a write was {status}, not 204: is this an InfluxDB?")

    async def query(self, script: str) -> list[Row]:
        """Rows of all tables that answer."""
        service = QueryService(self._client.api_client)
        dialect = Dialect(header=True, delimiter=",", annotations=["datatype", "group", "default"])
        question = Query(query=script, dialect=dialect, type="flux")
        asked = service.post_query_async(
            org=self._access.org, query=question, _preload_content=False, _return_http_data_only=True
        )
        return await self._asked(self._read(asked), self._limits.query_seconds)

    async def _read(self, asked: Awaitable[Any]) -> list[Row]:
        async with await asked as answer:
            text = await _body(answer)
            if answer.status != 200:
                raise judged(answer.status, answer.headers, text, self._clock.now())
            try:
                return list(rows(text))
            except BadAnswerError as error:
                raise UnavailableError(str(error)) from error

    async def delete(self, bucket: str, since: datetime, until: datetime) -> None:
        """Forget all points of a bucket within the half-open interval."""
        span = DeletePredicateRequest(start=since, stop=until - timedelta(microseconds=1))
        service = DeleteService(self._client.api_client)
        await self._asked(
            service.post_delete_async(span, org=self._access.org, bucket=bucket), self._limits.query_seconds
        )

    async def version(self) -> str:
        """Which version answers; `unknown` where it does not say."""
        service = PingService(self._client.api_client)
        _, _, headers = await self._asked(service.get_ping_async(_return_http_data_only=False), 10.0)
        return str(headers.get("X-Influxdb-Version", "unknown"))

    async def buckets(self, prefix: str) -> dict[str, FoundBucket]:
        """Buckets whose names begin with that, by name."""
        service = BucketsService(self._client.api_client)
        found: dict[str, FoundBucket] = {}
        for offset in range(0, 10_000, 100):
            asked = service.get_buckets_async(org=self._access.org, limit=100, offset=offset)
            page = (await self._asked(asked, 10.0)).buckets or []
            for bucket in page:
                seconds = [rule.every_seconds for rule in bucket.retention_rules or []]
                kept = timedelta(seconds=seconds[0]) if seconds and seconds[0] else None
                if bucket.name.startswith(prefix):
                    found[bucket.name] = FoundBucket(bucket.id, kept)
            if len(page) < 100:
                break
        return found

    async def make_bucket(self, name: str, kept: timedelta | None) -> None:
        """Make a bucket."""
        rules = [BucketRetentionRules(type="expire", every_seconds=int(kept.total_seconds()))] if kept else []
        wanted = PostBucketRequest(org_id=await self._org_id(), name=name, retention_rules=rules)
        await self._asked(BucketsService(self._client.api_client).post_buckets_async(wanted), 10.0)

    async def keep_bucket(self, bucket: FoundBucket, kept: timedelta | None) -> None:
        """Change how long a bucket keeps."""
        seconds = int(kept.total_seconds()) if kept else 0
        wanted = PatchBucketRequest(retention_rules=[PatchRetentionRule(type="expire", every_seconds=seconds)])
        await self._asked(BucketsService(self._client.api_client).patch_buckets_id_async(bucket.id, wanted), 10.0)

    async def remove_bucket(self, bucket: FoundBucket) -> None:
        """Remove a bucket and all that is in it."""
        await self._asked(BucketsService(self._client.api_client).delete_buckets_id_async(bucket.id), 30.0)

    async def tasks(self, names: Sequence[str]) -> dict[str, FoundTask]:
        """Tasks of these names, by name."""
        service = TasksService(self._client.api_client)
        found: dict[str, FoundTask] = {}
        for name in names:
            answer = await self._asked(service.get_tasks_async(org=self._access.org, name=name), 10.0)
            for task in answer.tasks or []:
                failed = task.last_run_error if task.last_run_status == "failed" else None
                found[name] = FoundTask(task.id, task.flux, task.status == "active", failed)
        return found

    async def make_task(self, script: str) -> None:
        """Make a task and let it run."""
        wanted = TaskCreateRequest(flux=script, org=self._access.org, status="active")
        await self._asked(TasksService(self._client.api_client).post_tasks_async(wanted), 10.0)

    async def change_task(self, task: FoundTask, script: str) -> None:
        """Give a task this script, and let it run."""
        wanted = TaskUpdateRequest(flux=script, status="active")
        await self._asked(TasksService(self._client.api_client).patch_tasks_id_async(task.id, wanted), 10.0)

    async def remove_task(self, task: FoundTask) -> None:
        """Remove a task."""
        await self._asked(TasksService(self._client.api_client).delete_tasks_id_async(task.id), 10.0)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def _org_id(self) -> str:
        if self._organisation is None:
            service = OrganizationsService(self._client.api_client)
            answer = await self._asked(service.get_orgs_async(org=self._access.org), 10.0)
            known = {found.name: found.id for found in answer.orgs or []}
            if self._access.org not in known:
                raise AccessDeniedError(
                    f"InfluxDB has no organisation {self._access.org!r}, or our token may not see it"
                )
            self._organisation = str(known[self._access.org])
        return self._organisation

    async def _asked(self, request: Awaitable[Result], seconds: float) -> Result:
        try:
            async with asyncio.timeout(seconds):
                return await request
        except ApiException as error:
            headers: Mapping[str, str] = error.headers or {}
            text = error.body if isinstance(error.body, str) else (error.body or b"").decode("utf-8", "replace")
            raise judged(error.status, headers, text, self._clock.now()) from None
        except TimeoutError:
            raise UnavailableError(f"InfluxDB gives no whole answer within {seconds:g} s") from None
        except (aiohttp.ClientConnectorCertificateError, ssl.SSLError):
            raise AccessDeniedError("InfluxDB's certificate is not one that we trust; see DABYL_INFLUXDB_CA") from None
        except (aiohttp.ClientError, OSError) as error:
            raise UnavailableError(f"InfluxDB cannot be reached ({type(error).__name__})") from None


async def _body(answer: Any) -> str:
    parts, size = [], 0
    async for part in answer.content.iter_chunked(2**16):
        size += len(part)
        if size > ANSWER_BYTES:
            raise UnavailableError("InfluxDB's answer is too large: ask for a shorter time, or for wider steps")
        parts.append(part)
    return b"".join(parts).decode("utf-8", "replace")


def _certificates(access: InfluxAccess) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(access.authority) if access.authority else None)
    except (OSError, ssl.SSLError) as error:
        raise AccessDeniedError(f"DABYL_INFLUXDB_CA: not a file of certificates ({type(error).__name__})") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
