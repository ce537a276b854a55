"""Agents in the field, heard by HTTPS: the way that is left when their broker cannot be reached.

Hears: one parcel a request (`POST /`), the same bytes as over the broker. Answers 200 with the core's signed word once
the store has committed, 202 if that takes too long (the agent asks again), 403 where nothing was taken. Pace: a bounded
number of requests wait. Cannot see: who asks; addresses of callers are neither read nor logged.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, model_validator

from collectors.agent.parcels import LARGEST_BYTES
from collectors.agent_desk import AgentDesk, Pending
from collectors.agents import IDLE_SECONDS, LOOK_SECONDS
from collectors.base import Access
from monitor.bus.mqtt_connection import is_loopback
from monitor.domain.errors import AccessDeniedError, UnavailableError
from monitor.domain.health import Feeling, Health
from monitor.domain.reports import Item
from monitor.domain.sources import Source

ANSWER_SECONDS: Final = 20.0
BODY_SECONDS: Final = 60.0
WAITING: Final = 64
"""Requests that may wait; more are told to come later."""
_silent = logging.getLogger(f"{__name__}.requests")
_silent.propagate = False
_silent.addHandler(logging.NullHandler())
"""The library names callers by address when a request cannot be read: nobody listens."""


class Config(BaseModel):
    """Settings of the door for agents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen at")
    port: int = Field(default=8443, ge=0, le=65535, description="its port, 0 for any free one")
    certificate: Path | None = Field(
        default=None, description="certificate (PEM); without one only this machine may ask (an onion service, a proxy)"
    )
    key: Path | None = Field(default=None, description="its private key (PEM)")

    @model_validator(mode="after")
    def _is_safe(self) -> "Config":
        if self.certificate is None and not is_loopback(self.host):
            message = "beyond loopback a 'certificate' and 'key' are needed"
            raise ValueError(message)
        if (self.certificate is None) != (self.key is None):
            message = "'certificate' and 'key' go together"
            raise ValueError(message)
        return self


class Collector:
    """The door."""

    every_seconds = 5.0

    def __init__(self, source: Source, access: Access, _cursor: str | None) -> None:
        self._source = source
        self._access = access
        self._config = Config.model_validate(source.settings)
        self._inbox: asyncio.Queue[tuple[bytes, asyncio.Future[bytes | None]]] = asyncio.Queue(WAITING)
        self._waiting: dict[Pending, asyncio.Future[bytes | None]] = {}
        self.port: int | None = None

    async def items(self) -> AsyncIterator[Item]:
        """Everything that comes, for as long as the door can be kept open."""
        desk = self._access.desk
        if desk is None:
            raise AccessDeniedError("no key of our own: agents cannot be received")
        self._waiting.clear()
        runner = await self._open()
        try:
            yield self._heard()
            while True:
                asked = await self._next()
                if asked is not None:
                    data, reply = asked
                    taken = await desk.take(data, over=None)
                    if taken.pending is not None:
                        self._waiting[taken.pending] = reply
                    elif not reply.done():
                        reply.set_result(taken.answer)
                    with desk.handing_over(taken.pending):
                        for item in taken.items:
                            yield item
                await self._answer(desk)
        finally:
            await runner.cleanup()

    async def _next(self) -> tuple[bytes, asyncio.Future[bytes | None]] | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS if self._waiting else IDLE_SECONDS):
                return await self._inbox.get()
        return None

    async def _answer(self, desk: AgentDesk) -> None:
        if not self._waiting:
            return
        for pending, answer in (await desk.committed(tuple(self._waiting))).items():
            reply = self._waiting.pop(pending)
            if not reply.done():
                reply.set_result(answer)
        for pending in [pending for pending in self._waiting if not desk.waits(pending)]:
            # Its caller was told long ago to ask again.
            del self._waiting[pending]

    async def _open(self) -> web.AppRunner:
        application = web.Application(client_max_size=LARGEST_BYTES)
        application.router.add_post("/{path:.*}", self._take)
        runner = web.AppRunner(application, access_log=None, logger=_silent, shutdown_timeout=1.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._config.host, self._config.port, ssl_context=self._context())
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise UnavailableError(f"the door for agents cannot be opened ({error.strerror})") from None
        except AccessDeniedError:
            await runner.cleanup()
            raise
        self.port = int(runner.addresses[0][1])
        return runner

    def _context(self) -> ssl.SSLContext | None:
        if self._config.certificate is None:
            return None
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(self._config.certificate, self._config.key)
        except (OSError, ssl.SSLError):
            raise AccessDeniedError("the certificate or key of the door for agents cannot be used") from None
        return context

    async def _take(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        reply: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        try:
            self._inbox.put_nowait((body, reply))
        except asyncio.QueueFull:
            return web.Response(status=503, headers={"Retry-After": "30"})
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await reply
        except TimeoutError:
            return web.Response(status=202)
        if answer is None:
            return web.Response(status=403)
        return web.Response(body=answer, content_type="application/octet-stream")

    def _heard(self) -> Item:
        now = self._access.clock.now()
        health = Health(
            subject=f"source:{self._source.id}", feeling=Feeling.OK, reason="the door is open", since=now,
            checked_at=now, last_good_at=now,
        )  # fmt: skip
        return Item(source=self._source.id, content=health)
