"""Probes a list of targets with the service's own prober and writes the class of each: stands beside other probers in one run.

    python -m bench.probe_front TARGETS.json RESULTS.jsonl [--concurrency 100] [--pace 0]

TARGETS holds {"ca": file, "targets": [{"id", "scheme", "host", "port", "sni", "timeout"}]}; RESULTS gets a line of
{"id", "class", "ms"} for each, and a last line of {"wall", "cpu", "peak"}. It is no part of the service.
"""

import argparse
import asyncio
import gc
import importlib.util
import json
import os
import time
from pathlib import Path
from typing import Any

from collectors.addresses import networks
from collectors.probes.prober import Prober
from collectors.probes.settings import ProberSettings, trusting
from monitor.detect.verdict_known import is_certain
from monitor.domain.measurements import Access, Failure, HttpStep, Measurement, Vantage
from monitor.domain.targets import Target
from monitor.runtime.clock import SystemClock

HERE = Vantage(id="bench", access=Access.OUTSIDE)
CERTIFICATES = {
    Failure.SSL_INVALID_CERTIFICATE: "tls_expired",
    Failure.SSL_INVALID_HOSTNAME: "tls_name",
    Failure.SSL_UNKNOWN_AUTHORITY: "tls_unknown",
}
NAMES = {Failure.DNS_NXDOMAIN: "dns_nx", Failure.DNS_SERVFAIL: "dns_servfail", Failure.DNS_REFUSED: "dns_refused"}
WORDS = {Failure.TIMEOUT: "timeout", Failure.CONNECTION_RESET: "reset", Failure.EOF: "reset"}


def class_of(measurement: Measurement) -> str:
    """The class that the last step shows, in the words of the drivers."""
    step = measurement.steps[-1]
    failure = step.failure
    if failure in NAMES or failure in CERTIFICATES:
        return {**NAMES, **CERTIFICATES}[failure]
    if failure is Failure.CONNECTION_REFUSED:
        return "refused"
    if failure is not None:
        return f"{WORDS.get(failure, failure)}_{step.layer}"
    if isinstance(step, HttpStep):
        if step.status == 451:
            return "http_451"
        if is_certain(step.fingerprint):
            return "block_page"
        return "ok" if 200 <= (step.status or 0) < 300 else "http_status"
    return "ok"


def took(measurement: Measurement) -> float:
    """Milliseconds from the first step's beginning to the last one's end."""
    first, last = measurement.steps[0], measurement.steps[-1]
    return (last.started_seconds + last.took_seconds - first.started_seconds) * 1e3


def target_of(row: dict[str, Any]) -> tuple[Target, str]:
    host = row["sni"] if row["scheme"] != "dns" else row["host"]
    path = "/example.test" if row["scheme"] == "dns" else "/"
    return Target(id=f"t{row['id']}", url=f"{row['scheme']}://{host}:{row['port']}{path}"), row["host"]


class Run:
    def __init__(self, document: dict[str, Any]) -> None:
        clock = SystemClock()
        rows = document["targets"]
        self.rows = [(row["id"], *target_of(row)) for row in rows]
        seconds = max(row["timeout"] for row in rows)
        self.prober = Prober(
            ProberSettings(
                attempts=1,
                ipv6=False,
                dns_seconds=seconds,
                tcp_seconds=seconds,
                tls_seconds=seconds,
                http_seconds=seconds,
                allowed=networks(["127.0.0.0/8"]),
                trusted=trusting(document["ca"]),
            ),
            clock,
        )
        self.out: list[tuple[int, str, float]] = []

    async def one(self, row: tuple[int, Target, str]) -> None:
        name, target, address = row
        measurement = await self.prober.measure(target, HERE, addresses=(address,))
        self.out.append((name, class_of(measurement), took(measurement)))

    async def some(self, rows: Any) -> None:
        for row in rows:
            await self.one(row)

    async def all(self, concurrency: int, pace: float) -> None:
        rows = iter(self.rows)
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            if not pace:
                for _ in range(concurrency):
                    group.create_task(self.some(rows))
                return
            start = loop.time()
            for place, row in enumerate(rows):
                await asyncio.sleep(max(0.0, start + place / pace - loop.time()))
                group.create_task(self.one(row))


def peak() -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("targets")
    parser.add_argument("results")
    parser.add_argument("--concurrency", type=int, default=100)
    parser.add_argument("--pace", type=float, default=0)
    given = parser.parse_args()
    run = Run(json.loads(Path(given.targets).read_text()))
    loops: Any = importlib.import_module("uvloop") if importlib.util.find_spec("uvloop") else asyncio
    gc.freeze()  # what was imported is here to stay
    cpu, wall = sum(os.times()[:2]), time.time()
    loops.run(run.all(given.concurrency, given.pace))
    figures = {"wall": time.time() - wall, "cpu": sum(os.times()[:2]) - cpu, "peak": peak()}
    lines = [json.dumps({"id": name, "class": found, "ms": round(ms, 3)}) for name, found, ms in run.out]
    Path(given.results).write_text("\n".join([*lines, json.dumps(figures)]) + "\n")


if __name__ == "__main__":
    main()
