"""What an agent costs: its memory and its share of a core at 200 targets a minute, everything on loopback.

    python -m bench.agent [minutes]

A real `dabyl agent run` in a process of its own, over TLS to a real Mosquitto, with a core that commits in this process.
120 targets are pages over TLS, 40 plain pages, 40 bare connections. The first minute warms up and is not counted.
"""

import asyncio
import os
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trustme
import yaml

from bench.figures import say
from collectors.agent.consent import Consent, write_consent
from collectors.agent.keys import make_key
from collectors.agent.settings import AgentFolder
from monitor.domain.agents import Agent
from monitor.domain.measurements import Vantage
from monitor.runtime.clock import SystemClock
from monitor.store.state import open_state
from tests.collectors.agent.cast import CORE, Core
from tests.collectors.agent.field import at_work, make_field

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4000\r\nConnection: close\r\n\r\n"
BODY = (b"<html><title>News</title>" + b"x" * 4000)[:4000]
TARGETS = {"https": 120, "http": 40, "tcp": 40}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(PAGE + BODY)
        await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        pass
    finally:
        writer.close()


@asynccontextmanager
async def sites(authority: trustme.CA) -> AsyncIterator[dict[str, int]]:
    """What is probed; the numbers are ports."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    plain = await asyncio.start_server(serve, "127.0.0.1", 0)
    secure = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    ports = {"http": plain.sockets[0].getsockname()[1], "https": secure.sockets[0].getsockname()[1]}
    yield {**ports, "tcp": ports["http"]}
    for server in (plain, secure):
        server.close()


def write_targets(folder: Path, ports: dict[str, int]) -> None:
    folder.mkdir()
    services = [
        {"id": f"{kind}-{number}", "name": "S", "risk": "harmless", "every_seconds": 60, "targets": [
            {"id": f"{kind}-{number}", "url": f"{kind}://127.0.0.1:{ports[kind]}" + ("" if kind == "tcp" else f"/{number}")}
        ]} for kind, count in TARGETS.items() for number in range(count)
    ]  # fmt: skip
    (folder / "targets.yaml").write_text(yaml.safe_dump({"services": services}))
    (folder / "probing.yaml").write_text("hosts: []\n")


def write_agent(folder: AgentFolder, port: int, authorities: Path) -> str:
    secret = make_key(folder.key)
    values = {
        "id": "kz-1", "core": CORE.public, "region": "KZ-75", "authorities": str(authorities),
        "mqtt": {"host": "127.0.0.1", "port": port},
    }  # fmt: skip
    folder.configuration.write_text(yaml.safe_dump(values))
    folder.password.write_text("one")
    write_consent(folder.consent, Consent(agent="kz-1", language="en", given_at=SystemClock().now()), secret)
    return secret.public


def used(pid: int) -> tuple[float, float]:
    """CPU seconds so far, and the largest resident memory in MiB."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(peak.split()[1]) / 1024


async def measure(minutes: float) -> None:
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as place:
        path = Path(place)
        authority = trustme.CA()
        state = await open_state(path / "core.sqlite3", clock)
        core = Core(state, clock)
        field = make_field(path, core, authority)
        folder = AgentFolder(path / "device")
        folder.place.mkdir()
        key = write_agent(folder, field.broker.port, field.ca())
        await state.admit(
            Agent(id="kz-1", key=key, vantage=Vantage(id="kz-1", region="KZ-75"), enrolled_at=clock.now())
        )
        async with sites(authority) as ports:
            write_targets(path / "config", ports)
            # The system's own authorities as well: reading them is part of what an agent costs.
            system = Path(ssl.get_default_verify_paths().openssl_cafile)
            roots = path / "roots.pem"
            roots.write_bytes(field.ca().read_bytes() + (system.read_bytes() if system.is_file() else b""))
            environment = {
                **os.environ, "DABYL_AGENT": str(folder.place), "DABYL_CONFIG": str(path / "config"),
                "DABYL_ALLOW_PRIVATE": "127.0.0.0/8", "SSL_CERT_FILE": str(roots), "DABYL_DATA": str(path / "none"),
            }  # fmt: skip
            with field.broker:
                agent = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "monitor", "agent", "run", env=environment
                )
                async with at_work(field.receive(field.collector())):
                    await watch(agent.pid, core, clock, minutes)
                agent.terminate()
                await agent.wait()
        await state.close()
        field.outbox.queue.close()


async def watch(pid: int, core: Core, clock: SystemClock, minutes: float, warm_seconds: float = 60) -> None:
    await clock.sleep(warm_seconds)
    before, rows = used(pid)[0], len(core.measurements)
    began = clock.monotonic()
    await clock.sleep(60 * minutes)
    seconds = clock.monotonic() - began
    after, peak = used(pid)
    failed = sum(step.failure is not None for one in core.measurements for step in one.steps)
    say(
        "agent",
        targets_a_minute=round((len(core.measurements) - rows) / seconds * 60, 1),
        core_share_percent=round(100 * (after - before) / seconds, 2),
        resident_peak_mib=round(peak, 1),
        failed_steps=failed,
        measured_seconds=round(seconds),
    )


if __name__ == "__main__":
    asyncio.run(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 3))
