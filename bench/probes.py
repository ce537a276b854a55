"""Probing: processor time for 1,000 probes over loopback, beside a bare connection that reads to the end.

The comparison with other probers is made by a driver that starts them in turn; `bench/probe_front.py` is our side of it.
"""

import asyncio
import time

from bench.figures import say
from collectors.addresses import networks
from collectors.probes.prober import Prober
from collectors.probes.settings import ProberSettings
from monitor.detect.verdict import judge
from monitor.domain.measurements import Access, Vantage
from monitor.domain.targets import Target
from monitor.runtime.clock import SystemClock

BODY = b"<html><head><title>ok</title></head><body>" + b"x" * 950 + b"</body></html>"
PAGE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(BODY) + BODY
)
HERE = Vantage(id="bench", access=Access.OUTSIDE)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(PAGE)
    writer.close()


async def bare(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    await reader.read()
    writer.close()


async def measure(count: int) -> dict[str, float]:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    prober = Prober(ProberSettings(allowed=networks(["127.0.0.0/8"])), SystemClock())
    target = Target(id="t", url=f"http://127.0.0.1:{port}/")

    async def ours() -> None:
        judge(await prober.measure(target, HERE))

    figures: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(6):
        for name, case in (("ours", ours), ("bare", lambda: bare(port))):
            began = time.process_time()
            for _ in range(count // 20):
                async with asyncio.TaskGroup() as group:
                    for _ in range(20):
                        group.create_task(case())
            figures[name].append((time.process_time() - began) * 1000 / count)
    server.close()
    return {name: sorted(values[1:])[2] for name, values in figures.items()}


def main() -> None:
    found = asyncio.run(measure(1000))
    say(
        "probes",
        cpu_seconds_per_1000_with_server=round(found["ours"], 3),
        ratio_to_bare_connection=round(found["ours"] / found["bare"], 2),
    )


if __name__ == "__main__":
    main()
