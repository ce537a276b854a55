"""`dabyl replay`: recorded input on a simulated clock; prints what was detected, and who would have been told."""

import asyncio
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from monitor.app import make_replay
from monitor.cli.output import console, json_line, printable
from monitor.configuration import Configuration, load_configuration
from monitor.expectations import Expectations, Judged
from monitor.recording import Recording
from monitor.replay_inputs import InputError, Recorded, read_inputs
from monitor.runtime.clock import SimulatedClock
from monitor.settings import read_settings
from monitor.store.series_embedded import open_series
from monitor.store.state import open_state

EXAMPLE = """\b
Examples:
  dabyl replay config/scenarios/january-2022.yaml
  dabyl replay --json posts.jsonl.gz > events.jsonl
  dabyl replay --check --no-signals my-scenario.yaml
  dabyl replay --zone Asia/Almaty ChatExport/result.json
"""
_STYLES = {"alert": "yellow", "incident": "cyan", "notification": "bold magenta", "signal": "dim"}


@click.command(epilog=EXAMPLE)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of a time line.")
@click.option("--signals/--no-signals", default=True, help="Show every signal, or only what followed from them.")
@click.option("--zone", help="IANA zone for exports without UTC times.")
@click.option("--check", is_flag=True, help="Fail unless the alerts come that the scenario says must come.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the stores in this new directory (ask them with --data).",
)
def command(paths: tuple[Path, ...], zone: str | None, keep: Path | None, *, check: bool, **shown: bool) -> None:
    """Run recorded input through the pipeline as fast as it can; nothing is sent to anybody.

    Scenario files, Telegram Desktop exports, JSON Lines of posts, feeds and folders of them. The same input and
    configuration give the same output to the byte.
    """
    configuration = load_configuration(read_settings().config)
    try:
        recorded = read_inputs(paths, zone)
    except InputError as error:
        raise click.ClickException(str(error)) from None
    for fault in recorded.faults[:50]:
        click.echo(f"left out: {fault}", err=True)
    if len(recorded.faults) > 50:
        click.echo(f"left out: {len(recorded.faults) - 50} more", err=True)
    if not recorded.moments:
        raise click.ClickException("there is nothing to replay")
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise click.ClickException(f"{keep} is not empty; a replay never writes into existing data")
    with ExitStack() as stack:
        directory = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dabyl-replay-")))
        judged = asyncio.run(_run(configuration, recorded, directory, **shown))
        if keep is not None:
            asyncio.run(_record(keep, SimulatedClock(recorded.moments[-1][0])))
    for each in judged:
        if check or not each.met:
            click.echo(f"{'ok     ' if each.met else 'NOT MET'} {each.sentence}", err=True)
    if recorded.faults or (check and not all(each.met for each in judged)):
        raise click.exceptions.Exit(1)


async def _run(
    configuration: Configuration, recorded: Recorded, directory: Path, *, as_json: bool, signals: bool
) -> list[Judged]:
    clock = SimulatedClock(recorded.moments[0][0])
    replay = await make_replay(configuration, directory, clock, recorded.sources, recorded.mark)
    counts: dict[str, int] = {}
    expectations = Expectations(recorded.must, recorded.must_not)
    try:
        with _progress(len(recorded.moments)) as (bar, task):
            async for record in replay.run(recorded.moments, lambda done: bar.advance(task, done)):
                counts[record["event"]] = counts.get(record["event"], 0) + 1
                expectations.watch(record)
                if signals or record["event"] != "signal":
                    _print(record, as_json=as_json)
    finally:
        await replay.state.close()
    if not as_json:
        told = ", ".join(f"{number} {name}s" for name, number in sorted(counts.items()))
        click.echo(f"\n{len(recorded.moments)} items: {told or 'nothing was detected'}.")
    return expectations.judged()


async def _record(directory: Path, clock: SimulatedClock) -> None:
    """The series of a replay that is kept, so that it can be asked like any other data."""
    state, series = await open_state(directory / "state.sqlite3", clock), await open_series(directory, clock)
    try:
        await Recording(state, series).catch_up()
    finally:
        await series.close()
        await state.close()


class _progress:  # noqa: N801 - used as a function
    """A progress bar on standard error; nothing where that is no terminal."""

    def __init__(self, total: int) -> None:
        columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=_errors(), disable=not sys.stderr.isatty(), transient=True)
        self._total = total

    def __enter__(self) -> tuple[Progress, Any]:
        self._bar.start()
        return self._bar, self._bar.add_task("replay", total=self._total)

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _errors() -> Any:
    made = console()
    made.stderr = True
    return made


def _print(record: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(json_line(record))
        return
    click.echo(
        click.style(_line(record), fg=None, dim=record["event"] == "signal", bold=record["event"] == "notification")
    )


def _line(record: Mapping[str, Any]) -> str:
    """One line of the time line."""
    time = str(record["time"]).replace("T", " ")[:16]
    where = ",".join(record["regions"]) or "-"
    match record["event"]:
        case "signal":
            marks = " (denied)" if record["denied"] else " (past)" if record["past"] else ""
            words = "; ".join(hit["words"] for hit in record["because"][:2]).replace("\n", " ")
            body = f"{record['kind']} {where} {record['confidence']:.2f} {record['source']}{marks}: {words}"
        case "alert":
            body = f"{record['state']}: {record['rule']} {where} {record['severity']} {record['confidence']}"
        case "incident":
            body = f"{record['change']}: {record['kind']} {where} {record['severity']} {record['confidence']}"
        case _ if record["to"] is None:
            body = f"NOT told {record['not_to']}: {record['reason']}"
        case _:
            body = f"told {record['to']} ({record['reason']}): {record['short']}"
    return printable(f"{time}Z  {record['event']:<12} {body}")
