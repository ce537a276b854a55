"""The door for agents and the way to it: what is asked of it wrongly, proxies, and a core that is slow to commit."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import ValidationError

from collectors import agents_https
from collectors.agent.outbox import Outbox
from collectors.agent.uplink_https import HttpsUplink
from collectors.agents_https import Config
from collectors.base import Access
from monitor.domain.errors import AccessDeniedError, UnavailableError
from monitor.domain.sources import Source
from monitor.runtime.clock import SystemClock
from tests.collectors.agent.cast import OTHER, Core, measured, outbox, transmission
from tests.collectors.agent.field import at_work, until
from tests.contract.mosquitto import free_port

SOURCE = Source(id="agents-https", kind="agents_https", name="A", owner="dabyl", settings={"port": 0})


@pytest.fixture
async def door(core: Core) -> AsyncIterator[agents_https.Collector]:
    core.clock = SystemClock()
    nothing: Any = None
    made = agents_https.Collector(
        SOURCE, Access(clock=core.clock, http=nothing, workers=nothing, desk=core.desk()), None
    )

    async def serve() -> None:
        async for item in made.items():
            await core.store([item])

    async with at_work(serve()):
        await until(lambda: made.port is not None)
        yield made


@pytest.fixture
def waiting(tmp_path: Path) -> Outbox:
    """An agent with one parcel of two rows."""
    made = outbox(tmp_path, SystemClock())
    made.add([measured(1), measured(2)])
    made.queue.pack(all_of_it=True)
    return made


async def test_parcels_go_and_the_queue_empties(core: Core, door: agents_https.Collector, waiting: Outbox) -> None:
    assert await HttpsUplink(waiting, f"http://127.0.0.1:{door.port}/", None).drain() == 1
    assert (len(core.measurements), waiting.queue.count().rows) == (2, 0)
    waiting.queue.close()


async def test_the_door_answers_nonsense_shortly_and_tells_nobody_more(
    core: Core, door: agents_https.Collector
) -> None:
    url = f"http://127.0.0.1:{door.port}/"
    async with aiohttp.ClientSession() as session:
        for body, status in ((b"", 403), (b"x" * 5000, 403), (b"x" * 2_000_000, 413), (transmission(by=OTHER), 403)):
            async with session.post(url, data=io.BytesIO(body)) as response:
                assert response.status == status
        async with session.get(url) as response:
            assert response.status == 405
    assert core.measurements == []
    assert len({signal.title for signal in core.signals}) == len(core.signals)


async def test_with_the_proxy_down_nothing_goes_beside_it(waiting: Outbox) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as direct:
        direct.setblocking(False)
        way = HttpsUplink(waiting, f"http://127.0.0.1:{direct.getsockname()[1]}/", f"socks5://127.0.0.1:{free_port()}")
        with pytest.raises(UnavailableError, match="nothing was sent beside it"):
            await way.drain()
        with pytest.raises(BlockingIOError):
            direct.accept()
    assert waiting.queue.count().rows == 2
    waiting.queue.close()


async def test_the_proxy_is_given_the_name(waiting: Outbox) -> None:
    asked: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def socks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        head = await reader.readexactly(5)
        asked.set_result(await reader.readexactly(head[4]))
        writer.close()

    server = await asyncio.start_server(socks, "127.0.0.1", 0)
    with pytest.raises(UnavailableError):
        await HttpsUplink(
            waiting, "https://core.test/", f"socks5h://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ).drain()
    assert await asked == b"core.test"
    server.close()
    await server.wait_closed()
    waiting.queue.close()


async def test_an_answer_that_is_not_the_cores_empties_nothing(waiting: Outbox) -> None:
    async def liar(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nDBA1")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(liar, "127.0.0.1", 0)
    with pytest.raises(UnavailableError, match="not the core"):
        await HttpsUplink(waiting, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", None).drain()
    assert waiting.queue.count().rows == 2
    server.close()
    await server.wait_closed()
    waiting.queue.close()


async def test_without_a_key_of_our_own_there_is_no_door() -> None:
    nothing: Any = None
    made = agents_https.Collector(SOURCE, Access(clock=SystemClock(), http=nothing, workers=nothing), None)
    with pytest.raises(AccessDeniedError, match="no key"):
        await anext(made.items())


async def test_a_door_that_is_taken_says_so(core: Core) -> None:
    nothing: Any = None
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        source = SOURCE.model_copy(update={"settings": {"port": taken.getsockname()[1]}})
        access = Access(clock=core.clock, http=nothing, workers=nothing, desk=core.desk())
        with pytest.raises(UnavailableError, match="cannot be opened"):
            await anext(agents_https.Collector(source, access, None).items())


@pytest.mark.parametrize("settings", [{"host": "0.0.0.0"}, {"certificate": "/c"}, {"host": "10.0.0.1", "key": "/k"}])
def test_a_door_beyond_this_machine_needs_a_certificate(settings: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="certificate"):
        Config.model_validate(settings)
