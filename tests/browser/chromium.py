"""A real Chromium, headless, that shows a page and says what became of it. Nothing is fetched but from loopback."""

import asyncio
import shutil
from pathlib import Path

from tests.conftest import need

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip


async def _run(profile: Path, *arguments: str) -> bytes:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    need(program is not None, "Chromium")
    process = await asyncio.create_subprocess_exec(
        str(program), *FLAGS, f"--user-data-dir={profile}", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    output, _ = await process.communicate()
    return output


async def tree_of(url: str, profile: Path) -> str:
    """The page's tree after it was shown and whatever scripts it holds have run."""
    return (await _run(profile, "--dump-dom", "--virtual-time-budget=3000", url)).decode("utf-8", "replace")


async def picture_of(url: str, to: Path, profile: Path, width: int) -> bytes:
    """A picture of the page as a PNG."""
    await _run(profile, f"--screenshot={to}", f"--window-size={width},1400", url)
    return to.read_bytes()
