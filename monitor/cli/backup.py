"""`dabyl backup`: everything that the service remembers, in one encrypted file, while it runs."""

import os
from contextlib import suppress
from pathlib import Path

import click

from monitor.backup.archive import BackupError, make, new_identity, recipients_of
from monitor.runtime.clock import SystemClock
from monitor.settings import Settings, read_settings
from monitor.store.engines import Engines, reading_engines, server_engines, sqlite_path

EXAMPLES = """\b
Examples:
  dabyl backup --new-identity backup.key       once; keep the file elsewhere
  dabyl backup --recipient age1... dabyl.age   DABYL_BACKUP_RECIPIENT instead
  dabyl restore --verify --identity backup.key dabyl.age
"""


@click.command(epilog=EXAMPLES)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option(
    "--recipient", "recipients", multiple=True, envvar="DABYL_BACKUP_RECIPIENT", help="Who may read it (age1...)."
)
@click.option(
    "--new-identity", type=click.Path(dir_okay=False, path_type=Path), help="Make a key pair in this new file."
)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
def command(file: Path | None, recipients: tuple[str, ...], new_identity: Path | None, *, force: bool) -> None:
    """Write all stores of this machine into FILE, encrypted; the service may run meanwhile.

    Reports, signals, incidents, messages, the audit and the files of the data directory; never a Telegram session.
    What InfluxDB holds has its own backup: see docs/production.md.
    """
    try:
        if new_identity is not None:
            _make_identity(new_identity)
        elif file is None:
            raise click.UsageError("name the FILE to write, or --new-identity")
        else:
            _write(file, recipients, force=force)
    except BackupError as error:
        raise click.ClickException(str(error)) from None


def _make_identity(file: Path) -> None:
    secret, public = new_identity()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BackupError(f"{file}: cannot be created ({error.strerror})") from None
    with os.fdopen(descriptor, "w") as out:
        out.write(f"# Opens Dabyl's backups. Keep it away from the machine that is backed up.\n# {public}\n{secret}\n")
    click.echo(f"wrote {file}; backups for it: dabyl backup --recipient {public} FILE")


def _write(file: Path, recipients: tuple[str, ...], *, force: bool) -> None:
    if not recipients:
        raise click.UsageError("a backup is always encrypted: name a --recipient (make one with --new-identity)")
    if file.exists() and not force:
        raise BackupError(f"{file}: is there already; say --force to replace it")
    settings = read_settings()
    engines = opened(settings)
    try:
        manifest = make(file, engines.reading, settings.data, recipients_of(list(recipients)), SystemClock(), _say)
    finally:
        engines.dispose()
    rows = sum(dumped.rows for dumped in manifest.tables.values())
    size = file.stat().st_size
    click.echo(
        f"wrote {file}: {rows} rows, {len(manifest.files)} files, {size / 2**20:.1f} MiB, schema {manifest.schema}"
    )
    click.echo("A backup that was never restored is a hope: dabyl restore --verify --identity KEY FILE")


def opened(settings: Settings) -> Engines:
    """The state store, to be read."""
    path = sqlite_path(settings.state_address)
    if path is not None and not path.is_file():
        raise click.ClickException(f"{path}: there is no data here yet: start the service once (dabyl run)")
    return (
        reading_engines(path) if path else server_engines(str(settings.state_address), read_only=False, name="backup")
    )


def _say(words: str) -> None:
    with suppress(BrokenPipeError):
        click.echo(f"  {words}", err=True)
