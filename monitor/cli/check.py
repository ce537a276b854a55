"""`dabyl check`: is the configuration right? All errors at once; `--graph` draws it, `--online` asks the sources."""

import asyncio
from collections.abc import Sequence

import click

from alerts.routes import Destination
from alerts.rules import sentence
from collectors.addresses import networks
from collectors.base import Access, kind
from collectors.http import PoliteHttp
from collectors.workers import WorkerPool
from monitor.configuration import Configuration, load_configuration
from monitor.domain.errors import AccessDeniedError, UnavailableError
from monitor.domain.rules import Rule
from monitor.domain.sources import Source
from monitor.runtime.clock import SystemClock
from monitor.settings import Settings, read_settings


@click.command(epilog="\b\nExamples:\n  dabyl check\n  dabyl check --graph\n  dabyl --config my-config check --rules")
@click.option("--graph", is_flag=True, help="Draw which sources feed which rules feed which receivers.")
@click.option("--rules", is_flag=True, help="Print every rule as a sentence.")
@click.option("--online", is_flag=True, help="Ask every source once and say what it answers.")
def command(*, graph: bool, rules: bool, online: bool) -> None:
    """Validate all configuration, lexicon examples included, and print every error with file, line and entry."""
    settings = read_settings()
    configuration = load_configuration(settings.config, examples=True)
    if graph:
        click.echo(_graph(configuration))
    if rules:
        for rule in configuration.rules:
            click.echo(f"{rule.id}: {sentence(rule)}")
    click.echo(
        f"right: {len(configuration.sources)} sources, {len(configuration.rules)} rules, {len(configuration.areas)} areas, "
        f"{len(configuration.destinations)} receivers, {configuration.reading.lexicons} lexicons"
    )
    if online and asyncio.run(_online(configuration, settings)):
        raise click.exceptions.Exit(1)


def _graph(configuration: Configuration) -> str:
    """Sources by what they are, rules by severity, receivers: as a tree that any terminal shows."""
    lines = ["sources"]
    stances = sorted({source.stance for source in configuration.sources.values()})
    for stance in stances:
        named = sorted(
            source.id for source in configuration.sources.values() if source.stance == stance and source.enabled
        )
        lines.append(f"  {stance}: {', '.join(named)}")
    lines.append("    |  read in three languages into signals")
    lines.append("    v")
    for rule in configuration.rules:
        told = _told(rule, configuration.destinations)
        lines.append(f"  rule {rule.id} [{rule.severity}] <- {_feeds(rule)}")
        lines.append(f"      -> {', '.join(told) or 'NOBODY'}{' (shadow)' if rule.shadow else ''}")
    return "\n".join(lines)


def _feeds(rule: Rule) -> str:
    names = [kind.value for kind in rule.when.kinds] + [f"{family.value}.*" for family in rule.when.families]
    return ", ".join(names)


def _told(rule: Rule, destinations: Sequence[Destination]) -> list[str]:
    order = ("info", "low", "medium", "high", "critical")
    return [
        destination.id
        for destination in destinations
        if destination.enabled
        and order.index(rule.severity) >= order.index(destination.severity_at_least)
        and (not rule.to or {destination.id, *destination.groups} & set(rule.to))
    ]


async def _online(configuration: Configuration, settings: Settings) -> int:
    """Ask every source once; returns how many did not answer."""
    clock = SystemClock()
    http = PoliteHttp(clock, allowed=networks(settings.allow_private), proxy=settings.proxy)
    access = Access(clock=clock, http=http, workers=WorkerPool())
    try:
        answers = [await _ask(source, access) for source in configuration.sources.values() if source.enabled]
    finally:
        await http.close()
        await access.workers.close()  # type: ignore[attr-defined]
    return answers.count(False)


async def _ask(source: Source, access: Access) -> bool:
    collector = kind(source.kind).collector(source, access, None)
    count = 0
    try:
        async for item in collector.items():
            count += item.content is not None
    except (UnavailableError, AccessDeniedError) as error:
        click.echo(f"  no   {source.id}: {error.reason}")
        return False
    today = access.clock.now().date()
    click.echo(f"  yes  {source.id}: {count} items; write `verified: {today}` into its entry")
    return True
