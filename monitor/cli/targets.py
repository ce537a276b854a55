"""`dabyl targets`: what would be probed, by whom; and lists of others brought in."""

from pathlib import Path

import click

from collectors.agent.consent import ALL_SERVICES, RISKS, Consent, write_consent
from collectors.agent.keys import make_key, read_key
from collectors.agent.probing import agreed
from collectors.agent.settings import agent_folder, own_probes_folder
from collectors.probes.citizen_lab import CATEGORIES, read_list, services_yaml
from collectors.probes.own import plan_of
from collectors.probes.settings import OwnVantage
from monitor.cli.consenting import asked_language, asked_services, hear_back, tell_risks
from monitor.cli.output import print_table
from monitor.configuration import load_probing
from monitor.configuration_probing import ProbingConfiguration
from monitor.domain.measurements import Access
from monitor.domain.targets import Risk, Service, Target
from monitor.runtime.clock import SystemClock
from monitor.settings import Settings, read_settings

MOST_BYTES = 16 * 1024 * 1024


@click.group(name="targets")
def command() -> None:
    """Look at what is probed, and bring in lists of others."""


@command.command(
    name="list",
    epilog="\b\nExamples:\n  dabyl targets list\n  dabyl targets list --by probes\n  dabyl targets list --by agent",
)
@click.option(
    "--by",
    type=click.Choice(["probes", "agent"]),
    help="Only what the service's own probes, or this device's agent, may ask: inside the country nothing without consent.",
)
def list_(by: str | None) -> None:
    """Show every target with its service and risk; with --by only what may be asked from here."""
    settings = read_settings()
    configuration = load_probing(settings.config)
    rows = [
        {
            "service": service.id,
            "needs": service.needs,
            "risk": service.risk.value,
            "target": target.id,
            "url": target.url,
        }
        for service, target in _plan(configuration, settings, by)
    ]
    print_table(rows, ("service", "needs", "risk", "target", "url"), f"{len(rows)} targets")


def _plan(configuration: ProbingConfiguration, settings: Settings, by: str | None) -> list[tuple[Service, Target]]:
    if by == "agent":
        from monitor.cli.agent_run import consenting_host  # noqa: PLC0415 - an agent's parts, for who asks for one

        return agreed(configuration.services, consenting_host(agent_folder(settings.data)).config)
    if by == "probes":
        return plan_of(configuration.services, _own(configuration), own_probes_folder(settings.data))
    return [(service, target) for service in configuration.services for target in service.targets]


def _own(configuration: ProbingConfiguration) -> OwnVantage:
    if configuration.probing.vantage is None:
        raise click.ClickException("probing.yaml describes no vantage: the service itself probes nothing")
    return configuration.probing.vantage


@command.command(
    epilog="\b\nExamples:\n  dabyl targets consent\n  dabyl targets consent --sensitive azattyq --language ru"
)
@click.option("--sensitive", multiple=True, help="Id of a service beyond the harmless ones; again for more; * for all.")
@click.option("--language", type=click.Choice(sorted(RISKS)), help="Language of the risks.")
@click.option("--read-back", help="The sentence about the risks, in place of typing it.")
def consent(sensitive: tuple[str, ...], language: str | None, read_back: str | None) -> None:
    """Consent to the service's own probes where they stand inside the country: the risks are told and read back.

    Without it they send no packet. (An agent in the field has its own consent, from `dabyl agent enrol`.)
    """
    settings = read_settings()
    configuration = load_probing(settings.config)
    own = _own(configuration)
    if own.access is Access.OUTSIDE:
        raise click.ClickException(f"the vantage '{own.id}' stands outside the country: it needs no consent")
    if own.sensitive and not sensitive and read_back is None:
        sensitive = asked_services()
    for name in sorted(set(sensitive) - {service.id for service in configuration.services} - {ALL_SERVICES}):
        raise click.ClickException(f"targets.yaml knows no service '{name}'")
    if sensitive and not own.sensitive:
        raise click.ClickException("probing.yaml asks for harmless targets only: say 'sensitive: true' there first")
    language = asked_language(language)
    tell_risks(language, sensitive)
    hear_back(language, read_back)
    folder = own_probes_folder(settings.data)
    secret = read_key(folder.key) if folder.key.exists() else make_key(folder.key)
    given = Consent(agent=own.id, language=language, given_at=SystemClock().now(), sensitive=sensitive)
    write_consent(folder.consent, given, secret)
    click.echo(f"Noted in {folder.consent}. Delete it, or the vantage in probing.yaml, to stop.")


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
