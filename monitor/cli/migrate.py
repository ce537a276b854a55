"""`dabyl migrate`: takes stores from one form into another."""

import click

from monitor.cli.migrate_schema import schema


@click.group(name="migrate")
def command() -> None:
    """Take stores from one form into another."""


command.add_command(schema)
