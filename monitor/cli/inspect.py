"""`dabyl inspect`: files or standard input in, JSON Lines out, through the same code that the service runs."""

import importlib
from typing import Final

import click

_MODULES: Final = {
    "feed": "inspect_files",
    "ooni": "inspect_network",
    "probe": "inspect_network",
    "series": "inspect_series",
    "telegram-export": "inspect_files",
    "telegram-preview": "inspect_files",
    "text": "inspect_text",
}


class _Group(click.Group):
    """What a command needs is imported only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, sorted."""
        return sorted(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in _MODULES:
            return None
        module = importlib.import_module(f"monitor.cli.{_MODULES[cmd_name]}")
        found: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return found


@click.group(name="inspect", cls=_Group)
def command() -> None:
    """Look through the magnifying glass: what Dabyl reads in texts, feeds, pages, exports and measurements.

    Everything comes out as JSON Lines, one record a line. The exit code is 1 if any record carries an "error".
    """
