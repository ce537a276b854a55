"""What every collector is given, and the shape it has.

A collector is one module in this package with a `Config` (a pydantic model of the source's `settings`) and a
`Collector`; it is found by its module name, so no list of kinds exists anywhere. Its `items()` makes ONE round (polls
once, pages back to its cursor if it was away) and ends; the schedule, jitter and back-off live in
`collectors/schedule.py`, which asks `every_seconds`.
"""

import importlib
import pkgutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

import collectors
from monitor.domain.errors import AccessDeniedError
from monitor.domain.ports import Clock
from monitor.domain.reports import Item
from monitor.domain.sources import Source

if TYPE_CHECKING:
    from collectors.agent_desk import AgentDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an HTTP server answered.

    Attributes:
        status: 200, 304 or 4xx/5xx that the caller asked to see.
        headers: names in lower case.
        url: after redirects.
        received_bytes: on the wire, before decompression.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    url: str
    received_bytes: int = 0


class Http(Protocol):
    """The one polite HTTP layer: pace per host, jitter, limits of size, time and redirects, proxy, address rules."""

    async def get(
        self, url: str, *, headers: dict[str, str] | None = None, proxy: str | None = None, max_bytes: int | None = None
    ) -> Answer:
        """Fetch a page.

        Raises:
            UnavailableError: no answer, 429, 5xx, too large, too slow, refused redirect; with a Retry-After if given.
            AccessDeniedError: 401, 403, 404, 410, or an address that our rules forbid.
        """
        ...


class Workers(Protocol):
    """Runs pure parsers where a hostile input can hurt nobody: another process, with limits, killable."""

    async def run(self, function: str, *arguments: Any) -> Any:
        """Call `module:function` there and return its (picklable) result.

        Raises:
            UnavailableError: it took too long, too much memory, or died; the reason says which.
        """
        ...


def no_secret(name: str) -> str:
    """Where nothing is given.

    Raises:
        AccessDeniedError: always.
    """
    raise AccessDeniedError(f"the secret {name} is not set")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a collector may touch.

    Attributes:
        secret: the secret of that name; raises `AccessDeniedError` where it is not set.
        desk: where agents' parcels are judged; `None` where no agents are received.
    """

    clock: Clock
    http: Http
    workers: Workers
    secret: Callable[[str], str] = no_secret
    desk: "AgentDesk | None" = None


class Collecting(Protocol):
    """The shape of a collector module's `Collector`."""

    every_seconds: float

    def __init__(self, source: Source, access: Access, cursor: str | None) -> None:
        """Ready to poll; does no I/O.

        Raises:
            ValidationError: the source's settings do not fit this kind's `Config`.
        """
        ...

    def items(self) -> AsyncIterator[Item]:
        """One round: what is new since the cursor, oldest first, each with the cursor after it."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source: its settings and its collector."""

    name: str
    config: type[BaseModel]
    collector: type[Collecting]


def kind_names() -> list[str]:
    """Names of all kinds: modules of this package that hold a `Config` and a `Collector`."""
    names = [module.name for module in pkgutil.iter_modules(collectors.__path__) if not module.ispkg]
    return sorted(name for name in names if _is_kind(name))


def _is_kind(name: str) -> bool:
    module = importlib.import_module(f"collectors.{name}")
    return hasattr(module, "Config") and hasattr(module, "Collector")


def kind(name: str) -> Kind:
    """The kind of that name.

    Raises:
        KeyError: no module of that name holds a `Config` and a `Collector`.
    """
    if name not in kind_names():
        raise KeyError(name)
    module = importlib.import_module(f"collectors.{name}")
    return Kind(name, module.Config, module.Collector)
