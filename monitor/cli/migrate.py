"""`dabyl migrate`: takes stores from one form into another."""

import click

from monitor.cli.migrate_schema import schema
from monitor.cli.migrate_series import series


@click.group(name="migrate")
def command() -> None:
    """Take stores from one form into another."""


command.add_command(schema)
command.add_command(series)
