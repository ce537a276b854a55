"""Fetching through a proxy: a small SOCKS5 server abroad, Dabyl's own fetching from inside, and whatever went beside it."""

import asyncio
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterable
from contextlib import AsyncExitStack
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from collectors.http import Limits, PoliteHttp
from monitor.domain.errors import AccessDeniedError, UnavailableError
from monitor.runtime.clock import SystemClock
from tests.lab.boxes import carried
from tests.lab.servers import zone_of
from tests.lab.story import Story
from tests.lab.world import PROXY, World

PORT = 1080
_NAME, _SUCCEEDED, _FAILED = 3, 0, 4
_REPLY_TAIL = b"\x00\x01\x00\x00\x00\x00\x00\x00"


class SocksServer:
    """SOCKS5 (RFC 1928) without a login, which resolves names itself, as a tunnel's far end does."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._zone = zone_of(world, abroad=True)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> "SocksServer":
        server = await asyncio.start_server(self._serve, sock=self._world.abroad.listening(PROXY, PORT))
        self._open.callback(server.close)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            _, methods = await reader.readexactly(2)
            await reader.readexactly(methods)
            writer.write(b"\x05\x00")
            host, port = await self._asked(reader)
            far = await self._connected(host, port)
            writer.write(bytes([5, _FAILED if far is None else _SUCCEEDED]) + _REPLY_TAIL)
            if far is not None:
                await carried((reader, writer), await asyncio.open_connection(sock=far))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # one of the two sides went away, or the story is over
        finally:
            writer.close()

    async def _asked(self, reader: asyncio.StreamReader) -> tuple[str, int]:
        *_, kind = await reader.readexactly(4)
        if kind == _NAME:
            (length,) = await reader.readexactly(1)
            name = (await reader.readexactly(length)).decode("ascii")
            host = next(iter(self._zone.get(name, ())), "")
        else:
            host = str(ip_address(await reader.readexactly(4 if kind == 1 else 16)))
        (port,) = struct.unpack("!H", await reader.readexactly(2))
        return host, port

    async def _connected(self, host: str, port: int) -> socket.socket | None:
        far = self._world.abroad.new_socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            await asyncio.get_running_loop().sock_connect(far, (host, port))
        except OSError:
            far.close()
            return None
        return far


def fetched_afresh(urls: Iterable[str], roots: str) -> list[dict[str, Any]]:
    """Fetch in a new process of this namespace: the HTTP library reads the trusted roots only when it is imported."""
    done = subprocess.run(
        [sys.executable, "-m", __name__, *urls],
        stdout=subprocess.PIPE,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "SSL_CERT_FILE": roots},
        pass_fds=[int(roots.rpartition("/")[2])],
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


async def fetched(urls: Iterable[str]) -> list[dict[str, Any]]:
    """Fetch these pages as collectors do, through the proxy, and say what came of each."""
    http = PoliteHttp(
        SystemClock(), limits=Limits(total_seconds=6.0, gap_seconds=0.0), proxy=f"socks5://{PROXY}:{PORT}"
    )
    try:
        return [{"url": url, "outcome": await _fetched(http, url)} for url in urls]
    finally:
        await http.close()


async def _fetched(http: PoliteHttp, url: str) -> str:
    try:
        return f"{(await http.get(url)).status}"
    except (UnavailableError, AccessDeniedError) as error:
        return error.reason


def beside(story: Story, fetches: list[dict[str, Any]], packets: Iterable[dict[str, Any]]) -> list[str]:
    """What is wrong: a packet that did not go to the proxy, or a page that came or stayed away when it should not."""
    wrong = [
        f"a packet went beside the proxy: {packet['source']} → {packet['target']}: {packet['says']}"
        for packet in packets
        if f"{PROXY}:{PORT}" not in {packet["source"], packet["target"]}
    ]
    for fetch in fetches:
        came = fetch["outcome"] == "200"
        if came is not (story.proxy == "up"):
            wrong.append(f"{fetch['url']}: {fetch['outcome']}, and the proxy is {story.proxy}")
    return wrong


if __name__ == "__main__":
    print(json.dumps(asyncio.run(fetched(sys.argv[1:]))))
