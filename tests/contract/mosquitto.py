"""A Mosquitto of our own for one test, where Debian's broker is installed."""

import os
import select
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.conftest import need

PROGRAM = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def need_mosquitto() -> None:
    """Skip with a message where the broker is not installed."""
    need(PROGRAM is not None, "the program mosquitto (Debian: apt-get install mosquitto)")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Mosquitto:
    """A broker with this configuration (`whole`: it names its listeners itself); it may be stopped, killed and started again on the same port and data."""

    folder: Path
    settings: str = "allow_anonymous true\n"
    whole: bool = False
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        assert PROGRAM is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "mosquitto.conf"
        user = "user root\n" if os.geteuid() == 0 else ""
        listener = "" if self.whole else f"listener {self.port} 127.0.0.1\n"
        file.write_text(f"{listener}{user}{self.settings}")
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen([PROGRAM, "-v", "-c", str(file)], stdout=log, stderr=log, cwd=self.folder)
        for _ in range(200):
            with socket.socket() as trying:
                trying.settimeout(0.5)
                if trying.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            select.select([], [], [], 0.02)  # the broker has no other way to say that it is ready
        raise AssertionError((self.folder / "mosquitto.log").read_text()[-2000:])

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(10)
            self.process = None

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    @property
    def log(self) -> str:
        return (self.folder / "mosquitto.log").read_text()
