"""The status page and its API: read-only, on loopback unless told otherwise, readable without scripts.

Every answer is made from the store at the moment of asking. Nothing is green without data: each number stands beside its
age, and a page that cannot see says so first.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Middleware
from jinja2 import Environment, PackageLoader, select_autoescape

from monitor.domain.changes import Query
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.health import Feeling, Health
from monitor.domain.ports import Clock, StateStore
from monitor.domain.regions import Region
from monitor.domain.sources import Source
from monitor.read.masking import Masker
from monitor.web import views
from monitor.web.look import look
from monitor.web.questions import BadQuestionError, question

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the pages are made of.

    Attributes:
        own: how parts of this very process feel that the store cannot be asked for, such as the store itself.
    """

    state: StateStore
    clock: Clock
    sources: Mapping[str, Source]
    regions: Mapping[str, Region]
    metrics: Callable[[], bytes]
    mark: str = ""
    masker: Masker = field(default_factory=Masker)
    any_host: bool = False
    own: Callable[[], Sequence[Health]] = tuple

    @property
    def speed(self) -> float:
        """Seconds of our clock per second of life: more than 1 in a demonstration."""
        return float(getattr(self.clock, "speed", 1.0))


class RefusedAddressError(Exception):
    """The page would be open to others, and nobody said that it should."""


def check_binding(host: str, *, public: bool) -> None:
    """Raise unless the page may listen there.

    Raises:
        RefusedAddressError: beyond loopback without the explicit word.
    """
    loopback = host == "localhost" or _is_loopback(host)
    if not loopback and not public:
        message = (
            f"the status page would be open to everybody who reaches {host}: it has no login. "
            "Put a proxy with a login in front of it and say DABYL_PUBLIC=yes"
        )
        raise RefusedAddressError(message)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def make_web(shown: Shown) -> web.Application:
    """The application; every route is for reading only."""
    app = web.Application(middlewares=[_guarded(shown)])
    pages = Pages(shown)
    app.router.add_get("/", pages.status)
    app.router.add_get("/incidents/{id}", pages.incident)
    app.router.add_get("/api/v1/status", pages.api_status)
    app.router.add_get("/api/v1/{what:signals|incidents|reports}", pages.api_list)
    app.router.add_get("/api/v1/incidents/{id}", pages.api_incident)
    app.router.add_get("/metrics", pages.metrics)
    app.router.add_get("/health", pages.health)
    app.router.add_get("/ready", pages.ready)
    app.router.add_get("/style.css", pages.style)
    return app


def _guarded(shown: Shown) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.host.rpartition(":")[0] if request.host.count(":") == 1 else request.host
        if not shown.any_host and host.partition("]")[0].strip("[]") not in {name.strip("[]") for name in LOCAL_HOSTS}:
            # A page elsewhere that rebinds its name to our address must not read us.
            return web.Response(status=421, text="this page answers only under the name of this machine")
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = web.Response(status=error.status, text=f"{error.status}: {error.reason}\n")
        except BadQuestionError as error:
            response = _problem(400, str(error))
        except StoreUnavailableError as error:
            response = _problem(503, f"the store cannot be read: {error.reason}")
        response.headers.update(HEADERS)
        return response

    return guard


def _problem(status: int, detail: str) -> web.Response:
    """An error in the form of RFC 9457."""
    return web.json_response(
        {"type": "about:blank", "status": status, "detail": detail},
        status=status,
        content_type="application/problem+json",
    )


class Pages:
    """What each address answers."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._templates = Environment(
            loader=PackageLoader("monitor.web"),
            autoescape=select_autoescape(default=True),
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["age"] = lambda moment: views.age(moment, shown.clock.now())
        self._templates.filters["when"] = views.when

    async def status(self, request: web.Request) -> web.Response:
        """The whole picture on one page."""
        return self._page("status.html", await self._picture())

    async def _picture(self) -> dict[str, Any]:
        return await look(self._shown, self._shown.state, self._shown.own())

    async def incident(self, request: web.Request) -> web.Response:
        """One incident's story and evidence."""
        story = await self._story(request.match_info["id"])
        return self._page("incident.html", story)

    async def _story(self, name: str) -> dict[str, Any]:
        state = self._shown.state
        found = await state.incidents(Query(ids=(name[:64],), limit=1))
        if not found:
            raise web.HTTPNotFound(reason="no such incident")
        held = tuple(found[0].signals)
        signals = await state.signals(Query(ids=held, limit=500)) if held else []
        timeline = await state.timeline(name)
        told = await state.notifications(Query(ids=(name,), limit=200))
        return views.story(self._shown, found[0], signals, timeline, told)

    async def api_status(self, request: web.Request) -> web.Response:
        """The status page as JSON."""
        return web.json_response(views.plain(await self._picture()))

    async def api_list(self, request: web.Request) -> web.Response:
        """Signals, incidents or reports, newest first, narrowed by region, kind, since, until and limit."""
        query = question(request.query)
        what = request.match_info["what"]
        rows: Any
        if what == "signals":
            rows = [views.signal_row(self._shown, signal) for signal in await self._shown.state.signals(query)]
        elif what == "incidents":
            rows = [views.incident_row(self._shown, incident) for incident in await self._shown.state.incidents(query)]
        else:
            rows = [views.report_row(report) for report in await self._shown.state.reports(query)]
        return web.json_response({what: views.plain(rows)})

    async def api_incident(self, request: web.Request) -> web.Response:
        """One incident's story as JSON."""
        return web.json_response(views.plain(await self._story(request.match_info["id"])))

    async def metrics(self, request: web.Request) -> web.Response:
        """Prometheus metrics."""
        return web.Response(
            body=self._shown.metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    async def health(self, request: web.Request) -> web.Response:
        """The process lives; and what of it does not feel well, without asking the store."""
        ill = [health for health in self._shown.own() if health.feeling is not Feeling.OK]
        lines = [f"{health.subject} is {health.feeling.value}: {health.reason}\n" for health in ill]
        return web.Response(text="".join(["alive\n", *lines]))

    async def ready(self, request: web.Request) -> web.Response:
        """The store answers."""
        await self._shown.state.checkpoint("ready")
        return web.Response(text="ready\n")

    async def style(self, request: web.Request) -> web.Response:
        """The one style sheet."""
        source = self._templates.get_template("style.css").render()
        return web.Response(text=source, content_type="text/css")

    def _page(self, name: str, values: Mapping[str, Any]) -> web.Response:
        text = self._templates.get_template(name).render(mark=self._shown.mark, **values)
        return web.Response(text=text, content_type="text/html")
