"""`dabyl targets`: what would be probed, by whom; and lists of others brought in."""

from pathlib import Path

import click

from collectors.probes.citizen_lab import CATEGORIES, read_list, services_yaml
from collectors.probes.consent import ConsentError, permitted, read_consent
from monitor.cli.output import print_table
from monitor.configuration import load_probing
from monitor.domain.measurements import Access, Vantage
from monitor.domain.targets import Risk
from monitor.settings import read_settings

MOST_BYTES = 16 * 1024 * 1024


@click.group(name="targets")
def command() -> None:
    """Look at what is probed, and bring in lists of others."""


@command.command(name="list", epilog="\b\nExample:\n  dabyl targets list --consent consent.yaml --agent almaty-1")
@click.option(
    "--consent", type=click.Path(dir_okay=False, path_type=Path), help="Show what this consent permits an agent."
)
@click.option("--agent", default="", help="Id of the agent.")
def list_(consent: Path | None, agent: str) -> None:
    """Show every target with its service and risk; with --consent only what that agent may probe."""
    configuration = load_probing(read_settings().config)
    vantage = Vantage(id=agent or "outside", access=Access.FIXED if consent else Access.OUTSIDE)
    try:
        given = read_consent(consent, agent) if consent else None
    except ConsentError as error:
        raise click.ClickException(str(error)) from None
    rows = [
        {
            "service": service.id,
            "needs": service.needs,
            "risk": service.risk.value,
            "target": target.id,
            "url": target.url,
        }
        for service, target in permitted(configuration.services, vantage, given)
    ]
    print_table(rows, ("service", "needs", "risk", "target", "url"), f"{len(rows)} targets")


@command.command(
    name="import", epilog="\b\nExample:\n  dabyl targets import kz.csv --category NEWS --category HUMR --into my-config"
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--category",
    "categories",
    multiple=True,
    type=click.Choice(sorted(CATEGORIES)),
    help="Only these; may be given again.",
)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Your own configuration; without it entries are printed.",
)
@click.option(
    "--risk",
    type=click.Choice([risk.value for risk in Risk]),
    default=Risk.SENSITIVE.value,
    show_default=True,
    help="Risk of all entries.",
)
def import_(file: Path, categories: tuple[str, ...], into: Path | None, risk: str) -> None:
    """Bring in a test list in the Citizen Lab's form (url,category_code,...).

    The Citizen Lab's lists are CC BY-NC-SA 4.0: not for commercial use. Every entry becomes a service of its own.
    """
    try:
        with file.open("rb") as stream:
            text = stream.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise click.ClickException(f"{file}: larger than {MOST_BYTES // 2**20} MiB")
        services, faults = read_list(text.decode("utf-8-sig"), set(categories), Risk(risk))
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file}: not UTF-8 at byte {error.start}") from None
    for line, message in faults[:20]:
        click.echo(f"{file}:{line}: left out: {message}", err=True)
    own = load_probing(read_settings().config if into is None else into if (into / "targets.yaml").is_file() else None)
    known = {target.url for _, target in own.targets.values()} | set(own.targets)
    new = [
        service for service in services if service.targets[0].url not in known and service.targets[0].id not in known
    ]
    if into is None:
        click.echo("services:\n" + services_yaml(new), nl=False)
    else:
        _append(into / "targets.yaml", services_yaml(new))
    click.echo(f"{len(new)} new, {len(services) - len(new)} known already, {len(faults)} left out", err=True)
    if faults:
        raise click.exceptions.Exit(1)


def _append(path: Path, entries: str) -> None:
    """Add entries at the end of the user's own file; where there is none yet it begins with the defaults' text."""
    if not path.is_file():
        raise click.ClickException(f"{path} is missing; make it with: dabyl init {path.parent}")
    text = path.read_text(encoding="utf-8")
    if "\nservices:" not in f"\n{text}" or not text.rstrip().endswith(("]}", "}", "]")):
        raise click.ClickException(
            f"{path}: does not end in a list of services; print the entries and add them by hand"
        )
    path.write_text(f"{text.rstrip()}\n{entries}", encoding="utf-8")
