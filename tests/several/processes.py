"""Parts as real processes, started as people start them, killed and frozen at moments of the drill's choice."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Part:
    """One process of `dabyl run --part`."""

    part: str
    name: str
    folder: Path
    environment: Mapping[str, str]
    process: "subprocess.Popen[str] | None" = None
    address: str = ""
    starts: int = 0

    def start(self, *, wait: bool = True) -> "Part":
        """Start it and, if asked, wait until it says that it is ready."""
        command = [sys.executable, "-m", "monitor", "run", "--part", self.part, "--name", self.name, "--port", "0"]
        log = (self.folder / f"{self.name}.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True,
                env={**os.environ, **self.environment, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        self.starts += 1
        if wait:
            self.wait()
        return self

    def wait(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://[\d.:]+/", line)
        assert found, self.log
        self.address = found.group()

    def say(self, how: int) -> None:
        assert self.process is not None
        self.process.send_signal(how)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def stop(self) -> int:
        """An orderly stop; the exit code."""
        assert self.process is not None
        self.say(signal.SIGTERM)
        self.process.communicate(timeout=15)
        return self.process.returncode

    @property
    def log(self) -> str:
        return (self.folder / f"{self.name}.log").read_text(errors="replace")[-5000:]


@dataclass
class Several:
    """Processes that share a broker and a store; all are gone afterwards."""

    folder: Path
    state_url: str
    bus_url: str
    settings: Mapping[str, str] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)

    def __enter__(self) -> "Several":
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        for part in self.parts:
            part.kill()

    def part(self, part: str, name: str | None = None) -> Part:
        """A part, not yet started."""
        environment = {
            "DABYL_STATE_URL": self.state_url, "DABYL_BUS_URL": self.bus_url, "DABYL_DATA": str(self.folder / "data"),
            "DABYL_LOG_LEVEL": "INFO", **self.settings,
        }  # fmt: skip
        made = Part(part, name or part, self.folder, environment)
        self.parts.append(made)
        return made
