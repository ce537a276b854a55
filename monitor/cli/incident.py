"""`dabyl incident`: one incident with its story; a verdict on it goes to the file that `dabyl evaluate` reads."""

import asyncio
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import click

from monitor.cli.looking import looking
from monitor.cli.output import print_table, printable
from monitor.configuration import Configuration, load_configuration
from monitor.domain.alerts import Incident, TimelineEntry
from monitor.domain.changes import AuditEntry, Change, Query
from monitor.domain.ids import content_id
from monitor.domain.moments import rfc3339
from monitor.domain.ports import StateStore
from monitor.domain.signals import Signal
from monitor.read.feedback import Verdict, feedback
from monitor.read.labels import Label
from monitor.runtime.clock import SystemClock
from monitor.settings import Settings, read_settings
from monitor.store.state import open_state

FEEDBACK: Final = "feedback.jsonl"
MOST_NOTE_CHARACTERS: Final = 1000
_EXAMPLES = """\b
Examples:
  dabyl incident 3f9a                        its evidence and story
  dabyl incident 3f9a --false --note "a flash mob of doctors"
  dabyl incident 3f9a --real && dabyl evaluate"""


@click.command(epilog=_EXAMPLES)
@click.argument("name", metavar="ID")
@click.option("--false", "verdict", flag_value="false", help="It was a false alarm: nothing of the kind happened.")
@click.option("--real", "verdict", flag_value="real", help="It happened.")
@click.option("--note", default="", help="Why, in few words; names of private people are masked.")
def command(name: str, verdict: Literal["false", "real"] | None, note: str) -> None:
    """Show an incident, or say that it was false or real. ID may be shortened as long as it is unique.

    A verdict writes each report of the incident, private people masked, as a labelled text into feedback.jsonl in the data
    folder, adds a line to the incident's story and an entry to the audit. A second verdict replaces the first in scores.
    """
    if note and verdict is None:
        raise click.UsageError("--note needs --false or --real")
    if len(note) > MOST_NOTE_CHARACTERS:
        raise click.UsageError(f"--note has {len(note)} characters; at most {MOST_NOTE_CHARACTERS}")
    settings = read_settings()
    asyncio.run(_show(settings, name) if verdict is None else _judge(settings, name, verdict, note))


async def _show(settings: Settings, name: str) -> None:
    async with looking(settings) as state:
        incident = await _incident(state, name)
        signals = await _evidence(state, incident)
        story = await state.timeline(incident.id)
    states = (incident.severity.word, incident.level.value, incident.state.value)
    head = (incident.family.value, *(incident.regions or ("place unknown",)), *states)
    click.echo(f"{incident.id}  {', '.join(head)}")
    rows = [{"at": rfc3339(one.at), "kind": one.kind.value, "source": one.source, "link": one.link} for one in signals]
    print_table(rows, ("at", "kind", "source", "link"), "Evidence")
    print_table(
        [{"at": rfc3339(line.at), "event": line.event, "words": line.words} for line in story],
        ("at", "event", "words"),
        "Story",
    )


async def _judge(settings: Settings, name: str, verdict: Verdict, note: str) -> None:
    configuration, clock = load_configuration(settings.config), SystemClock()
    state = await open_state(settings.state_address, clock)
    try:
        incident = await _incident(state, name)
        labels = await _labels(state, configuration, incident, verdict, note, clock.now())
        append(settings.data / FEEDBACK, labels)
        await state.apply(_noted(incident, verdict, configuration.masker().mask(note), clock.now(), len(labels)))
    finally:
        await state.close()
    click.echo(f"{incident.id} is noted as {verdict}; {len(labels)} labelled texts in {settings.data / FEEDBACK}.")
    if not labels:
        click.echo(
            "The texts of its reports are no longer kept: the verdict stands in its story and in the audit only."
        )


async def _labels(
    state: StateStore, configuration: Configuration, incident: Incident, verdict: Verdict, note: str, now: datetime
) -> list[Label]:
    signals = await _evidence(state, incident)
    ids = tuple({signal.report for signal in signals if signal.report})
    reports = await state.reports(Query(ids=ids, limit=len(ids))) if ids else ()
    texts = {
        report.id: "\n".join(part for part in (report.title, report.text) if part)
        for report in reports
        if report.text is not None
    }
    return feedback(incident, verdict, signals, texts, configuration.masker(), now, note or None)


async def _incident(state: StateStore, name: str) -> Incident:
    exact = await state.incidents(Query(ids=(name,), limit=1))
    if exact:
        return exact[0]
    found = [one for one in await state.incidents(Query(limit=100_000)) if one.id.startswith(name)] if name else []
    if len(found) == 1:
        return found[0]
    if found:
        raise click.ClickException(f"'{printable(name)}' begins {len(found)} incidents; give more of the id")
    raise click.ClickException(f"there is no incident '{printable(name)}'; dabyl history incidents lists them")


async def _evidence(state: StateStore, incident: Incident) -> Sequence[Signal]:
    if not incident.signals:
        return ()
    return await state.signals(Query(ids=incident.signals, newest_first=False, limit=len(incident.signals)))


def _noted(incident: Incident, verdict: Verdict, note: str, now: datetime, count: int) -> Change:
    words = f"A person on duty judged it {verdict}{f': {note}' if note else ''}"
    told = rfc3339(now) or ""
    line = TimelineEntry(
        id=content_id("verdict", incident.id, verdict, told),
        incident=incident.id,
        at=now,
        event="note",
        words=words,
    )
    entry = AuditEntry(
        at=now, actor="duty", action=f"judged {verdict}", subject=incident.id, details=f"{count} texts labelled"
    )
    return Change(timeline=(line,), audit=(entry,))


def append(file: Path, labels: Iterable[Label]) -> None:
    """Add labels to a feedback file that only its owner can read, synced to disk."""
    lines = "".join(label.model_dump_json(exclude_none=True) + "\n" for label in labels)
    if not lines:
        return
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(lines)
        stream.flush()
        os.fsync(stream.fileno())
