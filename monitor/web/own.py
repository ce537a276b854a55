"""What every process answers about itself: that it lives, whether it can work, and its counters. No page, no data."""

from collections.abc import Awaitable, Callable

from aiohttp import web

Ready = Callable[[], Awaitable[str | None]]
"""Why it cannot work now, in a sentence; `None` where it can."""


def make_own(metrics: Callable[[], bytes], ready: Ready) -> web.Application:
    """`/health` (the process lives), `/ready` (it can work), `/metrics` (Prometheus)."""

    async def health(_: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def readiness(_: web.Request) -> web.Response:
        reason = await ready()
        return web.Response(text="ready\n") if reason is None else web.Response(status=503, text=f"{reason}\n")

    async def figures(_: web.Request) -> web.Response:
        return web.Response(body=metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    app = web.Application()
    app.router.add_get("/health", health)
    app.router.add_get("/ready", readiness)
    app.router.add_get("/metrics", figures)
    return app
