"""`dabyl init`: copies the default configuration into a directory of one's own."""

import shutil
from pathlib import Path

import click

from monitor.folder import default_directory

COPIED = ("sources.yaml", "rules.yaml", "receivers.yaml", "targets.yaml", "probing.yaml")


@click.command(epilog="\b\nExample:\n  dabyl init my-config && dabyl --config my-config check")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Lexicons, places and scenarios, too.")
def command(directory: Path, *, everything: bool) -> None:
    """Copy what people usually edit into DIRECTORY; what it does not hold keeps coming from the defaults.

    Files that exist there are left alone.
    """
    defaults = default_directory()
    names = [file.relative_to(defaults) for file in sorted(defaults.rglob("*")) if file.is_file()]
    wanted = names if everything else [name for name in names if str(name) in COPIED]
    for name in wanted:
        target = directory / name
        if target.exists():
            click.echo(f"left alone: {target}")
            continue
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(defaults / name, target)
        except OSError as error:
            raise click.ClickException(f"{target}: cannot be written: {error.strerror}") from None
        click.echo(f"copied: {target}")
    click.echo(f"Edit them, then: dabyl --config {directory} check")
