"""`dabyl migrate schema`: which schema the store has, and taking it up or down."""

from contextlib import ExitStack

import click

from monitor.runtime.clock import SystemClock
from monitor.settings import read_settings
from monitor.store.engines import file_engines, server_engines, sqlite_path
from monitor.store.lock import DataInUseError, DataLock
from monitor.store.migrations import HEAD, REVISIONS
from monitor.store.versions import lost_by, status, take_to


@click.group()
def schema() -> None:
    """Show the store's schema, or take it up or down. Going up happens by itself when the service starts."""


@schema.command("status", epilog="\b\nExample:\n  dabyl migrate schema status")
def show() -> None:
    """Print the schema of the store and the one of this release; the exit code is 1 where they differ."""
    with _opened(write=False) as stack:
        found, ours = status(stack.engine)
    click.echo(f"store: {found or 'none yet'}; this release: {ours}")
    if found != ours:
        raise click.exceptions.Exit(1)


@schema.command(epilog="\b\nExample:\n  dabyl migrate schema up")
def up() -> None:
    """Bring the store to the schema of this release, in one transaction."""
    with _opened(write=True) as stack:
        take_to(stack.engine, HEAD)
    click.echo(f"schema {HEAD}")


@schema.command(
    epilog="\b\nExamples:\n  dabyl migrate schema down 0002          says what would be lost\n"
    "  dabyl migrate schema down 0002 --yes    after a backup (dabyl backup)"
)
@click.argument("target", type=click.Choice(REVISIONS[:-1]))
@click.option("--yes", is_flag=True, help="Do it although rows are lost.")
def down(target: str, *, yes: bool) -> None:
    """Take the store down to the schema TARGET of an older release. Stop the service first; back up before."""
    with _opened(write=True) as stack:
        lost = {name: rows for name, rows in lost_by(stack.engine, target).items() if rows}
        for name, rows in lost.items():
            click.echo(f"lost: {rows} rows of {name}")
        if lost and not yes:
            raise click.ClickException("rows would be lost: back up (dabyl backup), then say --yes")
        take_to(stack.engine, target)
    click.echo(f"schema {target}: start the release that it belongs to, this one would take it up again")


class _opened(ExitStack):  # noqa: N801 - used as a function
    """The store's engine, alone on its data where it is a file and will be changed."""

    def __init__(self, *, write: bool) -> None:
        super().__init__()
        settings = read_settings()
        path = sqlite_path(settings.state_address)
        if path is not None and write:
            try:
                self.enter_context(DataLock(settings.data, SystemClock()))
            except DataInUseError as error:
                raise click.ClickException(str(error)) from None
        if path is not None and not path.is_file():
            raise click.ClickException(f"{path}: there is no data here yet")
        engines = file_engines(path) if path else server_engines(str(settings.state_address), read_only=not write)
        self.callback(engines.dispose)
        self.engine = engines.writing
