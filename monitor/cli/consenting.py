"""The dialogue in which the risks of probing are told and read back; of agents and of the service's own probes alike."""

from collections.abc import Sequence

import click

from collectors.agent.consent import ALL_SERVICES, READ_BACK, RISKS, is_read_back


def asked_language(given: str | None) -> str:
    """The language of the risks: the one given, or asked for."""
    return given or str(click.prompt("Language", type=click.Choice(sorted(RISKS)), default="ru"))


def asked_services() -> tuple[str, ...]:
    """Services beyond the harmless ones, each agreed to by name."""
    click.echo("By default only harmless services are contacted. Others may be blocked or watched.")
    text = click.prompt("Services beyond them (ids with spaces between; empty for none)", default="")
    return tuple(name for name in text.split() if click.confirm(f"Contact '{name}' from this device?", default=False))


def tell_risks(language: str, sensitive: Sequence[str]) -> None:
    """Say every risk, and what is contacted beyond the harmless services."""
    click.echo()
    for number, risk in enumerate(RISKS[language], 1):
        click.echo(f"{number}. {risk}")
    click.echo()
    if sensitive:
        named = "ALL" if ALL_SERVICES in sensitive else ", ".join(sensitive)
        click.echo(f"Beyond the harmless services this device will contact: {named}\n")


def hear_back(language: str, read_back: str | None) -> None:
    """Let the sentence be written, unless a flag gave it.

    Raises:
        ClickException: it is another one.
    """
    sentence = READ_BACK[language]
    click.echo(f"{'Write' if language == 'en' else 'Напишите'}: {sentence}")
    told = read_back if read_back is not None else click.prompt(">", prompt_suffix=" ")
    if not is_read_back(told, language):
        raise click.ClickException("this is not the sentence; nothing was made")
