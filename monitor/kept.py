"""What takes seconds to make ready is kept ready in the user's cache directory; it is never needed and never trusted blindly.

A file is used only if its name is the digest of all that its content is made of, it belongs to us or to root, nobody else
may write it, and it holds nothing but objects of our own classes. Whatever is wrong with it, it is as if it were not
there.
"""

import contextlib
import gc
import hashlib
import io
import os
import pickle
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

_OURS: Final = ("monitor.read.", "monitor.domain.", "monitor.configuration_reading")
_AT_MOST: Final = 4
"""Files of one kind: whoever edits lexicons makes a new one with each change."""
_MAX_BYTES: Final = 64 * 1024 * 1024


def cache_directory(environment: Mapping[str, str] | None = None) -> Path:
    """Where a user's programs keep what they can make again (XDG Base Directory Specification 0.8)."""
    env = os.environ if environment is None else environment
    return Path(env.get("XDG_CACHE_HOME") or Path(env.get("HOME", "/nonexistent")) / ".cache") / "dabyl"


def digest(parts: Iterable[bytes]) -> str:
    """A name for what is made of these bytes by this Python."""
    summed = hashlib.sha256(sys.version.encode())
    for part in parts:
        summed.update(len(part).to_bytes(8, "big"))
        summed.update(part)
    return summed.hexdigest()[:32]


def settle() -> None:
    """What is in memory now stays as long as the process: a look for garbage passes it by instead of halting all for 50 ms."""
    gc.freeze()


class Kept:
    """Things of one kind, kept by the digest of what they are made of."""

    def __init__(self, directory: Path, kind: str) -> None:
        self._directory = directory
        self._kind = kind

    def load(self, key: str) -> Any | None:
        """The thing; `None` if it is not kept, or what is kept cannot be used."""
        try:
            with (self._directory / self._name(key)).open("rb") as file:
                told = os.fstat(file.fileno())
                if told.st_uid not in {0, os.getuid()} or told.st_mode & 0o022 or told.st_size > _MAX_BYTES:
                    return None
                return _read(file.read())
        except (
            OSError,
            pickle.UnpicklingError,
            EOFError,
            AttributeError,
            ImportError,
            TypeError,
            ValueError,
            LookupError,
        ):
            return None

    def store(self, key: str, thing: object) -> None:
        """Keep it; where that is not possible (a read-only disk, no home), nothing happens."""
        content = pickle.dumps(thing, protocol=5)
        place = self._directory / self._name(key)
        fresh = place.with_name(f"{place.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
                with open(file, "wb") as written:  # noqa: PTH123 - a descriptor, not a path
                    written.write(content)
                fresh.replace(place)
            finally:
                fresh.unlink(missing_ok=True)
            self._forget_old()

    def _name(self, key: str) -> str:
        return f"{self._kind}-{key}.pickle"

    def _forget_old(self) -> None:
        kept = sorted(self._directory.glob(f"{self._kind}-*.pickle"), key=lambda file: file.stat().st_mtime_ns)
        for file in kept[:-_AT_MOST]:
            file.unlink(missing_ok=True)


class _OursAlone(pickle.Unpickler):
    """Makes objects of our own classes and of none besides: a pickle could otherwise call anything."""

    def find_class(self, module: str, name: str) -> Any:
        """A class of ours.

        Raises:
            UnpicklingError: it is not ours.
        """
        found = super().find_class(module, name) if module.startswith(_OURS) else None
        if not isinstance(found, type) or not found.__module__.startswith(_OURS):
            message = f"{module}.{name} is no class of ours"
            raise pickle.UnpicklingError(message)
        return found


def _read(content: bytes) -> Any:
    # Many small objects and nothing to collect: looking for garbage meanwhile would only take time.
    running = gc.isenabled()
    gc.disable()
    try:
        return _OursAlone(io.BytesIO(content)).load()
    finally:
        if running:
            gc.enable()
