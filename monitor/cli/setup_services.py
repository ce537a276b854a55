"""`dabyl setup-services`: keys, users and configuration of broker and database, once."""

import os
from pathlib import Path

import click

from monitor.provision.services import CONTAINERS, Provision, native
from monitor.runtime.clock import SystemClock

EXAMPLES = """\b
Examples:
  dabyl setup-services deploy/local
  docker compose --env-file deploy/local/services.env --profile full up -d
  dabyl setup-services --native --host db.example.org /etc/dabyl/services
"""
SERVICE_USER = 10001
"""Who the containers run as where set-up runs as root."""


@click.command(epilog=EXAMPLES)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--native", "without_containers", is_flag=True, help="For systemd units on this machine instead of containers."
)
@click.option("--host", "hosts", multiple=True, help="A further name or address under which the servers are reached.")
def command(directory: Path, hosts: tuple[str, ...], *, without_containers: bool) -> None:
    """Make an authority, certificates, passwords and the broker's rights by part in DIRECTORY.

    What is there stays; certificates with less than sixty days left are renewed. Run it again at any time.
    """
    folder = directory.absolute()
    places = native(folder) if without_containers else CONTAINERS
    owner = (SERVICE_USER, SERVICE_USER) if os.getuid() == 0 and not without_containers else None
    try:
        made = list(Provision(folder, places, SystemClock().now(), hosts, owner).make())
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{directory}: {error}") from None
    for line in made:
        click.echo(f"wrote {line}")
    click.echo(
        f"{'Nothing had to be made.' if not made else f'{len(made)} files.'} Keep authority.key away from the services."
    )
