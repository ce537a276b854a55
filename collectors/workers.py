"""Parsers where hostile input can hurt nobody: child processes with limits, killed and replaced when they break them.

Children start on first use, are asked over pipes, and end when idle is over or the pool closes. A child has a limit of
memory (address space), of CPU per call and of wall time per call; who breaks one is killed and the reason is told. Only
the parsers listed in `ALLOWED` run there.
"""

import asyncio
import pickle
import struct
import sys
from pathlib import Path
from typing import Any, Final

from monitor.domain.errors import UnavailableError

ALLOWED: Final = frozenset(
    {
        "collectors.feed_parse:parse_feed",
        "collectors.page_parse:parse_page",
        "collectors.telegram_preview_parse:parse_preview",
        "collectors.telegram_export_parse:parse_export",
    }
)
_LENGTH: Final = struct.Struct(">Q")
MAX_ANSWER_BYTES: Final = 256 * 1024 * 1024


class WorkerPool:
    """Child processes that parse.

    Args:
        count: how many at most; two, so that one slow input never stops the others.
        cpu_seconds: CPU time that one call may take.
        wall_seconds: time that one call may take in all.
        memory_bytes: address space that a child may take.
    """

    def __init__(
        self, *, count: int = 2, cpu_seconds: int = 2, wall_seconds: float = 20.0, memory_bytes: int = 768 * 1024 * 1024
    ) -> None:
        self._limits = (cpu_seconds, memory_bytes)
        self._cpu_seconds = cpu_seconds
        self._wall_seconds = wall_seconds
        self._free: asyncio.Queue[_Child | None] = asyncio.Queue()
        for _ in range(count):
            self._free.put_nowait(None)
        self._children: set[_Child] = set()

    async def run(self, function: str, *arguments: Any) -> Any:
        """Call `module:function` in a child and return its result.

        Raises:
            UnavailableError: too slow, too large, or the child died; the reason says which.
            ValueError: what the parser itself says of the input.
        """
        if function not in ALLOWED:
            message = f"not a parser: {function}"
            raise ValueError(message)
        child = await self._free.get()
        try:
            if child is None or not child.is_alive:
                child = await self._start()
            async with asyncio.timeout(self._wall_seconds):
                answer = await child.ask(function, arguments)
        except TimeoutError:
            await self._end(child)
            raise UnavailableError(f"took longer than {self._wall_seconds:g} s") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            await self._end(child)
            raise UnavailableError(self._why()) from None
        except OSError as error:
            # No file, process or memory left for a child: the world's failure, and it may pass.
            await self._end(child)
            raise UnavailableError(f"no parser could be started ({error.strerror})") from None
        except asyncio.CancelledError:
            await self._end(child)
            raise
        finally:
            self._free.put_nowait(child if child is not None and child.is_alive else None)
        return _unpacked(answer)

    def _why(self) -> str:
        return f"took more than {self._cpu_seconds} s of processor time or too much memory, and was ended"

    async def _start(self) -> "_Child":
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "collectors.worker_child", *map(str, self._limits),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env={"PYTHONPATH": str(Path(__file__).resolve().parent.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        child = _Child(process)
        self._children.add(child)
        return child

    async def _end(self, child: "_Child | None") -> None:
        """End a child; its place in the pool becomes free for a new one."""
        if child is not None:
            self._children.discard(child)
            await child.end()

    async def close(self) -> None:
        """End all children."""
        for child in list(self._children):
            await self._end(child)


class _Child:
    """One child process and its pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def ask(self, function: str, arguments: tuple[Any, ...]) -> bytes:
        """The child's packed answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        question = pickle.dumps((function, arguments))
        self._process.stdin.write(_LENGTH.pack(len(question)))
        self._process.stdin.write(question)
        await self._process.stdin.drain()
        (length,) = _LENGTH.unpack(await self._process.stdout.readexactly(_LENGTH.size))
        if length > MAX_ANSWER_BYTES:
            raise ConnectionResetError
        return await self._process.stdout.readexactly(length)

    async def end(self) -> None:
        if self.is_alive:
            self._process.kill()
        await self._process.wait()
        # The transport closes its pipes only when told; a pipe left open warns at the end of a test.
        self._process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001


def _unpacked(answer: bytes) -> Any:
    """The result. The child is our own code on hostile input, so its pickle is read with what we allow only."""
    succeeded, result = pickle.loads(answer)  # noqa: S301 - written by our own child, which cannot be made to run input
    if succeeded:
        return result
    raise ValueError(result)
