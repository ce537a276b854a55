"""From a backup to a store, and the rehearsal of it: the same steps into a place that is thrown away afterwards."""

import shutil
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, func, select

from monitor.backup.archive import BackupError, Manifest, digest_of
from monitor.backup.tables import restore, tables_of
from monitor.store import audit
from monitor.store.engines import create_private, file_engines

Progress = Callable[[str], None]


def rehearse(manifest: Manifest, root: Path, progress: Progress) -> None:
    """Restore into a fresh store beside the unpacked backup and compare; nothing else is touched.

    Raises:
        BackupError: what came back is not what went in.
        StoreUnavailableError: it cannot be restored by this release.
    """
    with TemporaryDirectory(dir=root) as place:
        path = Path(place) / "state.sqlite3"
        create_private(path)
        engines = file_engines(path)
        try:
            fill(engines.writing, manifest, root, progress)
        finally:
            engines.dispose()


def fill(engine: Engine, manifest: Manifest, root: Path, progress: Progress) -> None:
    """Restore the state store and make sure that every row and the audit's chain came back.

    Raises:
        BackupError: what came back is not what went in.
        StoreUnavailableError: the store is not empty, or cannot be written.
    """
    dumps = {name: partial(_lines, root / "tables" / f"{name}.jsonl") for name in manifest.tables}
    restore(engine, manifest.schema, dumps, lambda name, rows: progress(f"{name}: {rows} rows"))
    with engine.connect() as connection:
        for table in tables_of(connection):
            if table.name in manifest.tables:
                found = connection.scalar(select(func.count()).select_from(table))
                if found != manifest.tables[table.name].rows:
                    raise BackupError(f"{table.name}: {found} rows came back of {manifest.tables[table.name].rows}")
        verdict = audit.verify(connection)
    if verdict.broken_at is not None or verdict.head != manifest.audit_head:
        raise BackupError("the chain of the audit does not hold after the restore")


def place_files(manifest: Manifest, root: Path, data: Path, progress: Progress) -> None:
    """Put the other files where they were; one that is there already is left alone and must be the same.

    Raises:
        BackupError: another file of that name is there.
    """
    for name in manifest.files:
        target = data / name
        if target.exists():
            if digest_of(target) != manifest.files[name]:
                raise BackupError(f"{target}: is there already and is another; restore into an empty data directory")
            continue
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(root / "files" / name, target)
        target.chmod(0o600)
        progress(name)


def _lines(file: Path) -> Iterable[bytes]:
    with file.open("rb") as opened:
        yield from opened
