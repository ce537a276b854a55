"""Our alert path beside Alertmanager (where it is installed), in turn in one run: from the POST to the webhook.

    python -m bench.alerts

Ours syncs the alert and the message it causes to disk before it answers; Alertmanager keeps both in memory.
"""

import contextlib
import http.client
import http.server
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figures import say

ROOT = Path(__file__).resolve().parents[1]
CONFIGURATION = """
route: {{receiver: hook, group_by: [alertname, region], group_wait: 0s, group_interval: 1s, repeat_interval: 24h}}
receivers: [{{name: hook, webhook_configs: [{{url: "{hook}", max_alerts: 0}}]}}]
"""


class Hook(http.server.BaseHTTPRequestHandler):
    """Takes messages and remembers which alerts they told."""

    told: set[str]
    arrived: threading.Condition
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        # A peer that closes an idle connection is no news.
        with contextlib.suppress(ConnectionError):
            super().handle()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        with self.arrived:
            self.told.update(alert["labels"]["n"] for alert in body["alerts"])
            self.arrived.notify_all()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that the base class has
        """Nothing."""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def peer(command: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


def post(port: int, alerts: list[dict[str, Any]]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/api/v2/alerts", json.dumps(alerts), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, answer.status
    connection.close()


def alert(number: str, group: int) -> dict[str, Any]:
    return {"labels": {"alertname": "cut", "region": f"r{group}", "n": number}, "startsAt": "2026-01-01T00:00:00Z"}


def heard(hook: type[Hook], wanted: set[str]) -> None:
    with hook.arrived:
        assert hook.arrived.wait_for(lambda: wanted <= hook.told, timeout=120), "messages are missing"


def latency(port: int, hook: type[Hook], turn: int, count: int = 40) -> float:
    """Median milliseconds from the POST of one alert of its own group to its webhook."""
    taken = []
    for number in range(count):
        name = f"l{turn}-{number}"
        began = time.perf_counter()
        post(port, [alert(name, turn * 1000 + number)])
        heard(hook, {name})
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def grouped(port: int, hook: type[Hook], turn: int, count: int = 10_000, groups: int = 100) -> float:
    """Seconds until all of that many alerts in that many groups are told."""
    names = [f"g{turn}-{number}" for number in range(count)]
    began = time.perf_counter()
    for start in range(0, count, 1000):
        post(
            port,
            [
                alert(name, 10_000_000 + turn * groups + place % groups)
                for place, name in enumerate(names[start : start + 1000])
            ],
        )
    heard(hook, set(names))
    return time.perf_counter() - began


def peak_mib(process: subprocess.Popen[bytes]) -> float:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def peers(place: Path, hooks: dict[str, str]) -> dict[str, tuple[list[str], int]]:
    own, theirs = free_port(), free_port()
    found = {"dabyl": ([sys.executable, "-m", "bench.alert_front", str(own), hooks["dabyl"], str(place)], own)}
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program:
        (place / "am.yml").write_text(CONFIGURATION.format(hook=hooks["alertmanager"]))
        found["alertmanager"] = (
            [program, f"--config.file={place}/am.yml", f"--storage.path={place}/am", f"--web.listen-address=127.0.0.1:{theirs}",
             "--cluster.listen-address="], theirs,
        )  # fmt: skip
    return found


def main(rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        hooks: dict[str, type[Hook]] = {}
        addresses: dict[str, str] = {}
        for name in ("dabyl", "alertmanager"):
            hooks[name] = type(f"Hook_{name}", (Hook,), {"told": set(), "arrived": threading.Condition()})
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), hooks[name])
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            addresses[name] = f"http://127.0.0.1:{server.server_port}/"
        running = {
            name: (stack.enter_context(peer(command, port)), port)
            for name, (command, port) in peers(Path(folder), addresses).items()
        }
        figures: dict[str, dict[str, list[float]]] = {
            name: {"latency_ms": [], "grouped_seconds": []} for name in running
        }
        for turn in range(rounds + 1):
            for name, (_, port) in running.items():
                told = latency(port, hooks[name], turn), grouped(port, hooks[name], turn)
                if turn:
                    figures[name]["latency_ms"].append(told[0])
                    figures[name]["grouped_seconds"].append(told[1])
        medians = {
            name: {figure: statistics.median(values) for figure, values in each.items()}
            for name, each in figures.items()
        }
        for name, (process, _) in running.items():
            medians[name]["peak_mib"] = peak_mib(process)
    for figure in ("latency_ms", "grouped_seconds", "peak_mib"):
        ours, theirs = medians["dabyl"][figure], medians.get("alertmanager", {}).get(figure)
        say(f"alerts.{figure}", dabyl=round(ours, 2), alertmanager=theirs and round(theirs, 2),
            ratio_to_alertmanager=theirs and round(ours / theirs, 2))  # fmt: skip


if __name__ == "__main__":
    main()
