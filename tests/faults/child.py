"""The service as a child process that a drill talks to: its address, its lines, its end."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.faults.hook import Hook, write_configuration

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Child:
    """One process of the service."""

    process: asyncio.subprocess.Process
    session: aiohttp.ClientSession
    folder: Path
    address: str = ""

    async def heard(self, job: str) -> dict[str, Any]:
        """Wait for the line of that job; other lines are passed over."""
        assert self.process.stdout is not None
        while line := (await self.process.stdout.readline()).decode():
            if line.startswith("Dabyl is ready"):
                self.address = line.split(": ", 1)[1].strip()
            elif line.startswith("{") and (said := json.loads(line))["job"] == job:
                return dict(said)
        log = (self.folder / "child.log").read_text(errors="replace")[-3000:]
        raise AssertionError(f"it ended before it said '{job}': {log}")

    async def asked(self, path: str) -> str:
        async with self.session.get(f"{self.address}{path}") as answer:
            return await answer.text()

    async def stopped(self) -> int:
        """An orderly stop; the exit code."""
        self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), 30)

    @property
    def resident_peak_mib(self) -> float:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


@asynccontextmanager
async def running(
    module: str, folder: Path, hook: Hook, *arguments: object, sources: str | None = None
) -> AsyncIterator[Child]:
    """A child of this module, told its arguments; gone afterwards. `sources` is the text of its sources.yaml."""
    configuration = write_configuration(folder / "config")
    if sources is not None:
        (configuration / "sources.yaml").write_text(sources)
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "DABYL_DATA": str(folder / "data"), "DABYL_CONFIG": str(configuration),
        "DABYL_HOOK_URL": hook.address, "DABYL_LOG_LEVEL": "WARNING",
        "DABYL_ALLOW_PRIVATE": "127.0.0.0/8",
    }  # fmt: skip
    with (folder / "child.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *map(str, arguments), stdout=asyncio.subprocess.PIPE, stderr=log, env=environment
        )  # fmt: skip
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        try:
            yield Child(process, session, folder)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()
