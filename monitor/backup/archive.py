"""One file that holds everything, encrypted for those who may read it (age, by pyrage), and the way back.

Inside is a tar: the tables as lines of JSON, the files of the data directory, and at the end a manifest with the count
and the digest of each. The file gets its name once it is whole. While it is made, plain text stands only in memory
and in nameless files of the data directory, where it stands anyway.
"""

import hashlib
import io
import json
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import Any, BinaryIO, Final, cast

import pyrage
from sqlalchemy import Engine

from monitor import __version__
from monitor.backup.files import kept_files, unmoving
from monitor.backup.tables import Dumped, dump_table, snapshot, tables_of
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.moments import rfc3339
from monitor.domain.ports import Clock
from monitor.store import audit
from monitor.store.migrating import revision

FORMAT: Final = 1
Progress = Callable[[str], None]


class BackupError(Exception):
    """A backup that cannot be made or read; says why, without keys."""


@dataclass(slots=True, kw_only=True)
class Manifest:
    """What a backup holds.

    Attributes:
        schema: of the state store.
        audit_head: the latest hash of the audit's chain: it must be the same after a restore.
        tables, files: by name, with count and digest.
    """

    created_at: str
    schema: str
    audit_head: str
    release: str = __version__
    format: int = FORMAT
    tables: dict[str, Dumped] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def recipients_of(texts: list[str]) -> list[Any]:
    """Those who may read it.

    Raises:
        BackupError: a text is no `age1...` recipient.
    """
    try:
        return [pyrage.x25519.Recipient.from_str(text.strip()) for text in texts]
    except pyrage.RecipientError:
        raise BackupError(
            "a recipient must be an age public key (age1...); make one with: dabyl backup --new-identity FILE"
        ) from None


def identities_of(text: str) -> list[Any]:
    """Keys that open a backup: the lines of an identity file that are no comments.

    Raises:
        BackupError: there is none, or it is no key.
    """
    try:
        found = [pyrage.x25519.Identity.from_str(line.strip()) for line in text.splitlines() if line.startswith("AGE-")]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise BackupError("the identity file holds no age key (AGE-SECRET-KEY-1...)")
    return found


def new_identity() -> tuple[str, str]:
    """A new pair of keys: the secret one, and the recipient for it."""
    made = pyrage.x25519.Identity.generate()
    return str(made), str(made.to_public())


def make(target: Path, engine: Engine, data: Path, recipients: list[Any], clock: Clock, progress: Progress) -> Manifest:
    """Write a backup.

    Raises:
        BackupError: it could not be written; no file of that name is left.
        StoreUnavailableError: the store could not be read.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            manifest = _encrypted(out, recipients, lambda tar: _fill(tar, engine, data, clock, progress))
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
    except OSError as error:
        raise BackupError(f"{target}: cannot be written ({error.strerror})") from None
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _encrypted(out: BinaryIO, recipients: list[Any], fill: Callable[[tarfile.TarFile], Manifest]) -> Manifest:
    """Encrypt what `fill` writes, while it writes it."""
    reading, writing = os.pipe()
    failed: list[BaseException] = []

    def encrypt() -> None:
        with os.fdopen(reading, "rb") as source:
            try:
                pyrage.encrypt_io(source, out, recipients)
            except (OSError, pyrage.EncryptError) as error:
                failed.append(error)
                while source.read(1 << 16):  # the writer must not wait for ever on a pipe that nobody reads
                    pass

    thread = threading.Thread(target=encrypt, name="encrypt")
    thread.start()
    try:
        with os.fdopen(writing, "wb") as sink, tarfile.open(fileobj=sink, mode="w|gz") as tar:
            manifest = fill(tar)
    finally:
        thread.join()
    if failed:
        raise BackupError(f"the backup cannot be encrypted or written ({type(failed[0]).__name__})")
    return manifest


def _fill(tar: tarfile.TarFile, engine: Engine, data: Path, clock: Clock, progress: Progress) -> Manifest:
    with engine.connect() as connection, connection.begin():
        snapshot(connection)
        schema = revision(connection)
        if schema is None:
            raise StoreUnavailableError("there is no data here yet: start the service once (dabyl run)")
        manifest = Manifest(
            created_at=str(rfc3339(clock.now())), schema=schema, audit_head=audit.verify(connection).head
        )
        for table in tables_of(connection):
            progress(table.name)
            # A tar wants to know the size first: in memory, and if large in a file that has no name.
            with SpooledTemporaryFile(max_size=64 * 2**20, dir=str(data) if data.is_dir() else None) as room:
                out = cast("BinaryIO", room)
                manifest.tables[table.name] = dump_table(connection, table, out)
                _add(tar, f"tables/{table.name}.jsonl", out)
    for file in kept_files(data, "state.sqlite3"):
        name = file.relative_to(data).as_posix()
        progress(name)
        with unmoving(file) as still, still.open("rb") as opened:
            manifest.files[name] = _add(tar, f"files/{name}", opened)
    body = io.BytesIO(json.dumps(asdict(manifest)).encode())
    _add(tar, "manifest.json", body)
    return manifest


def _add(tar: tarfile.TarFile, name: str, source: BinaryIO) -> str:
    """Add what a file holds; its digest."""
    digest, size = hashlib.sha256(), source.seek(0, os.SEEK_END)
    source.seek(0)
    while block := source.read(1 << 20):
        digest.update(block)
    source.seek(0)
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    tar.addfile(entry, source)
    return digest.hexdigest()


@contextmanager
def unpacked(archive: Path, identities: list[Any], folder: Path) -> Iterator[tuple[Manifest, Path]]:
    """The backup's content in a private folder, every digest checked; it is gone when the block ends.

    Raises:
        BackupError: it cannot be opened with these keys, is cut short or damaged.
    """
    with TemporaryDirectory(dir=folder, prefix=".restore-") as place:
        root = Path(place)
        root.chmod(0o700)
        _decrypted(archive, identities, root)
        yield _checked(root), root


def _decrypted(archive: Path, identities: list[Any], root: Path) -> None:
    packed = root / "packed"
    try:
        with archive.open("rb") as source, packed.open("wb") as out:
            pyrage.decrypt_io(source, out, identities)
        with tarfile.open(packed, "r:gz") as tar:
            tar.extractall(root, filter="data")
    except pyrage.DecryptError:
        raise BackupError(f"{archive}: this key does not open it, or it is damaged") from None
    except (OSError, tarfile.TarError, EOFError) as error:
        raise BackupError(f"{archive}: cannot be read ({type(error).__name__})") from None
    packed.unlink()


def _checked(root: Path) -> Manifest:
    try:
        found = json.loads((root / "manifest.json").read_bytes())
        tables = {name: Dumped(**entry) for name, entry in found.pop("tables").items()}
        manifest = Manifest(**found, tables=tables)
    except (OSError, ValueError, TypeError, KeyError):
        raise BackupError("the backup holds no manifest that we can read: it is cut short") from None
    if manifest.format != FORMAT:
        raise BackupError(f"the backup has form {manifest.format}, we read form {FORMAT}: update Dabyl")
    wanted = {f"tables/{name}.jsonl": dumped.digest for name, dumped in manifest.tables.items()}
    wanted |= {f"files/{name}": digest for name, digest in manifest.files.items()}
    for name, digest in wanted.items():
        if not (root / name).is_file() or digest != digest_of(root / name):
            raise BackupError(f"the backup is damaged: {name} is not what the manifest says")
    return manifest


def digest_of(file: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
