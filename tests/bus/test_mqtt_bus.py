"""The doorbell over the real Mosquitto: rings arrive elsewhere, nobody waits, and the last will tells of the dead."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from monitor.bus.mqtt import MqttBus
from monitor.bus.mqtt_connection import Broker, Incoming
from monitor.bus.topics import Topics
from monitor.bus.wire import unpack_health
from monitor.domain.health import Feeling, Health
from monitor.domain.ports import Clock
from monitor.runtime.clock import SystemClock
from tests.contract.mosquitto import Mosquitto, need_mosquitto

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    need_mosquitto()
    with Mosquitto(tmp_path / "broker") as broker:
        yield broker


class Heard:
    """Remembers how others feel."""

    def __init__(self) -> None:
        self.healths: asyncio.Queue[Health] = asyncio.Queue()

    async def __call__(self, health: Health) -> None:
        self.healths.put_nowait(health)

    async def until(self, subject: str, feeling: Feeling) -> Health:
        async with asyncio.timeout(10):
            while True:
                health = await self.healths.get()
                if (health.subject, health.feeling) == (subject, feeling):
                    return health


def bus(mosquitto: Mosquitto, name: str, heard: Heard | None = None) -> MqttBus:
    broker = Broker(
        host="127.0.0.1", port=mosquitto.port, identifier="t", tls=False, patience_seconds=5, keep_alive_seconds=10
    )
    return MqttBus(broker, Topics("test"), SystemClock(), part="read", instance=name, hears=heard)


@asynccontextmanager
async def running(made: MqttBus) -> AsyncIterator["asyncio.Task[None]"]:
    task: asyncio.Task[None] = asyncio.ensure_future(made.run())
    try:
        await asyncio.wait_for(made.connected.wait(), 10)
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_ring_wakes_whoever_listens_here_and_elsewhere(mosquitto: Mosquitto) -> None:
    near, far = bus(mosquitto, "near"), bus(mosquitto, "far")
    async with running(near), running(far), near.subscribe("signals") as here, far.subscribe("signals") as there:
        await near.publish("signals", "x")
        assert await asyncio.wait_for(anext(here), 5) == "x"
        assert await asyncio.wait_for(anext(there), 5) == "x"


async def test_without_a_broker_nobody_waits_and_rings_at_home_still_wake(mosquitto: Mosquitto) -> None:
    alone = bus(mosquitto, "alone")
    async with alone.subscribe("signals") as rings:
        for _ in range(1000):
            await alone.publish("signals")
        assert await asyncio.wait_for(anext(rings), 1) == ""
    assert alone.dropped == 1000


async def test_it_comes_back_with_the_broker(mosquitto: Mosquitto) -> None:
    near, far = bus(mosquitto, "near"), bus(mosquitto, "far")
    async with running(near), running(far), far.subscribe("signals") as rings:
        mosquitto.kill()
        while near.connected.is_set() or far.connected.is_set():
            await SystemClock().sleep(0.01)
        mosquitto.start()
        await asyncio.wait_for(asyncio.gather(near.connected.wait(), far.connected.wait()), 20)
        await near.publish("signals", "again")
        assert await asyncio.wait_for(anext(rings), 5) == "again"


async def test_an_orderly_end_and_a_death_are_told_apart(mosquitto: Mosquitto) -> None:
    heard = Heard()
    async with running(bus(mosquitto, "watch", heard)):
        async with running(bus(mosquitto, "mortal")):
            await heard.until("part:mortal", Feeling.OK)
        stopped = await heard.until("part:mortal", Feeling.PAUSED)
        assert stopped.reason == "was stopped"


class Patient:
    """A connection that takes everything and hears nothing, even in a process that is being stopped."""

    def __init__(self) -> None:
        self.told: list[Feeling] = []

    async def subscribe(self, *_topics: str) -> None:
        pass

    async def publish(self, _topic: str, payload: bytes, **_how: object) -> None:
        self.told.append(unpack_health(payload).feeling)

    async def messages(self) -> AsyncIterator[Incoming]:
        await asyncio.Event().wait()
        yield Incoming("", b"", retained=False, repeated=False, number=0, quality=0)


async def test_being_stopped_ends_in_a_plain_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Patient()

    async def stand(_broker: Broker, _clock: Clock, serve: Callable[[Patient], Awaitable[None]]) -> None:
        await serve(connection)

    monkeypatch.setattr("monitor.bus.mqtt.stand", stand)
    here = Broker(host="127.0.0.1", port=1, identifier="t", tls=False)
    async with running(MqttBus(here, Topics("test"), SystemClock(), part="read", instance="mortal")) as task:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()
    assert connection.told == [Feeling.OK, Feeling.PAUSED]


async def test_being_stopped_is_not_lost_where_the_goodbye_finds_no_broker(mosquitto: Mosquitto) -> None:
    made = bus(mosquitto, "mortal")
    async with running(made) as task:
        mosquitto.kill()
        task.cancel()
        await asyncio.wait({task}, timeout=15)
        assert task.cancelled()


async def test_the_last_will_speaks_for_the_dead(mosquitto: Mosquitto, tmp_path: Path) -> None:
    heard = Heard()
    async with running(bus(mosquitto, "watch", heard)):
        program = (
            "import asyncio\nfrom monitor.bus.mqtt import MqttBus\nfrom monitor.bus.mqtt_connection import Broker\n"
            "from monitor.bus.topics import Topics\nfrom monitor.runtime.clock import SystemClock\n"
            f"broker = Broker(host='127.0.0.1', port={mosquitto.port}, identifier='t', tls=False)\n"
            "asyncio.run(MqttBus(broker, Topics('test'), SystemClock(), part='read', instance='mortal').run())\n"
        )
        mortal = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT)
        await heard.until("part:mortal", Feeling.OK)
        mortal.kill()
        await mortal.wait()
        dead = await heard.until("part:mortal", Feeling.UNREACHABLE)
        assert dead.reason == "left without a goodbye"
