"""The service as a process: ready soon, honest offline, alone on its data, and gone when told."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str, float]]:
    config = tmp_path / "config"
    config.mkdir()
    # One source on loopback, which our address rules refuse: no packet leaves, and its state says why.
    (config / "sources.yaml").write_text(
        "sources:\n  - {id: a, kind: feeds, name: A, owner: a, settings: {url: 'http://127.0.0.1:9/'}}\n"
    )
    environment = {
        **os.environ,
        "DABYL_DATA": str(tmp_path / "data"),
        "DABYL_CONFIG": str(config),
        "PYTHONPATH": str(ROOT),
    }
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "run", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://[\d.:]+/", line)
    assert found, line
    yield process, found.group(), time.monotonic() - began
    process.kill()
    process.communicate()


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())


def test_the_service_is_ready_soon_and_says_what_it_cannot_see(
    running: tuple[subprocess.Popen[str], str, float],
) -> None:
    _, url, seconds = running
    assert seconds < 15
    assert get(f"{url}ready") == "ready\n"
    status = json.loads(get(f"{url}api/v1/status"))
    assert [source["id"] for source in status["sources"]] == ["a"]
    assert "BLIND" in status["headline"]
    assert "dabyl_reports_total" in get(f"{url}metrics")


def test_a_second_start_on_the_same_data_is_refused(
    running: tuple[subprocess.Popen[str], str, float], tmp_path: Path
) -> None:
    process, _, _ = running
    environment = {**os.environ, "DABYL_DATA": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    second = subprocess.run(
        [sys.executable, "-m", "monitor", "run", "--port", "0"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert f"process {process.pid}" in second.stderr
    looking = subprocess.run(
        [sys.executable, "-m", "monitor", "status", "--json"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=30,
        check=True,
    )
    assert "headline" in json.loads(looking.stdout)


def test_it_stops_within_ten_seconds_when_told(running: tuple[subprocess.Popen[str], str, float]) -> None:
    process, _, _ = running
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, errors = process.communicate(timeout=15)
    assert time.monotonic() - began < 10
    assert process.returncode == 0
    assert "Traceback" not in errors, errors
