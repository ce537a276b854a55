"""`dabyl restore`: a backup back into an empty store, or the rehearsal of it."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import gettempdir

import click

from monitor.backup.archive import BackupError, identities_of, unpacked
from monitor.backup.restoring import fill, place_files, rehearse
from monitor.runtime.clock import SystemClock
from monitor.settings import Settings, read_settings
from monitor.store.engines import Engines, create_private, file_engines, server_engines, sqlite_path
from monitor.store.lock import DataInUseError, DataLock

EXAMPLES = """\b
Examples:
  dabyl restore --verify --identity backup.key dabyl.age     changes nothing
  dabyl --data new-place restore --identity backup.key dabyl.age
"""


@click.command(epilog=EXAMPLES)
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option(
    "--identity", type=click.Path(dir_okay=False, exists=True, path_type=Path), required=True,
    envvar="DABYL_BACKUP_IDENTITY", help="File with the secret key.",
)  # fmt: skip
@click.option(
    "--verify", is_flag=True, help="Restore into a place that is thrown away, compare everything, change nothing."
)
def command(file: Path, identity: Path, *, verify: bool) -> None:
    """Restore FILE into an empty store; every row, file and the audit's chain are checked."""
    settings = read_settings()
    try:
        keys = identities_of(identity.read_text(encoding="utf-8", errors="replace"))
        with ExitStack() as stack:
            if verify:
                manifest, root = stack.enter_context(unpacked(file, keys, Path(gettempdir())))
                rehearse(manifest, root, _say)
            else:
                stack.enter_context(DataLock(settings.data, SystemClock()))
                manifest, root = stack.enter_context(unpacked(file, keys, settings.data))
                engines = _opened(settings)
                stack.callback(engines.dispose)
                fill(engines.writing, manifest, root, _say)
                place_files(manifest, root, settings.data, _say)
    except (BackupError, DataInUseError) as error:
        raise click.ClickException(str(error)) from None
    rows = sum(dumped.rows for dumped in manifest.tables.values())
    done = "is whole and can be restored" if verify else "is restored"
    click.echo(
        f"The backup of {manifest.created_at} {done}: {rows} rows, {len(manifest.files)} files; the audit holds."
    )


def _opened(settings: Settings) -> Engines:
    path = sqlite_path(settings.state_address)
    if path is None:
        return server_engines(str(settings.state_address), read_only=False, name="restore")
    create_private(path)
    return file_engines(path)


def _say(words: str) -> None:
    click.echo(f"  {words}", err=True)
