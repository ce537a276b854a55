"""A receiver on loopback that remembers every message that reached it, and when."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.fakes.serving import serving


@dataclass
class Hook:
    """What arrived: (seconds of the steady clock, message)."""

    address: str = ""
    got: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [message["id"] for _, message in self.got]


@asynccontextmanager
async def listening() -> AsyncIterator[Hook]:
    hook = Hook()

    async def take(request: web.Request) -> web.Response:
        hook.got.append((time.monotonic(), await request.json()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    async with serving(app) as hook.address:
        yield hook


def write_configuration(folder: Path) -> Path:
    """A configuration of our own whose only receiver is the hook that DABYL_HOOK_URL names."""
    folder.mkdir(parents=True)
    (folder / "receivers.yaml").write_text(
        "receivers:\n  - {id: hook, kind: webhook, severity_at_least: info, groups: [duty],\n"
        "     settings: {url_secret: DABYL_HOOK_URL}}\n"
    )
    return folder
