"""`dabyl agent export` and `import`: parcels in a file when no way is left, and the receipt on the way back."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import click

from collectors.agent.carrying import (
    CarriedFileError,
    is_receipt,
    read_parcels,
    read_receipt,
    write_parcels,
    write_receipt,
)
from collectors.agent.outbox import Outbox
from collectors.agent.settings import agent_folder
from monitor.cli.agent_run import consenting_host
from monitor.domain.errors import StoreUnavailableError
from monitor.runtime.clock import SystemClock
from monitor.settings import Settings, read_settings


@click.command(epilog="\b\nExample:\n  dabyl agent export /media/stick/parcels.dabyl")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(file: Path) -> None:
    """Write everything that waits into FILE, sealed for the core. It goes on waiting until the core's word comes."""
    clock = SystemClock()
    host = consenting_host(agent_folder(read_settings().data))
    queue = host.queue(clock)
    outbox = Outbox(host.config, host.secret, queue, clock)
    try:
        queue.pack(all_of_it=True)
        waiting = queue.sequences()
        with click.progressbar(waiting, label="writing") as shown:
            found = (queue.parcel(sequence) for sequence in shown)
            count = write_parcels(file, (outbox.packed(parcel, 0, "file") for parcel in found if parcel is not None))
    except OSError as error:
        raise click.ClickException(f"{file}: cannot be written ({error.strerror})") from None
    finally:
        queue.close()
    click.echo(f"{count} parcels. At the core: dabyl agent import {file.name}; its receipt empties this queue.")


@click.command(
    name="import",
    epilog="\b\nExamples:\n  dabyl agent import parcels.dabyl --receipt receipt.dabyl\n  dabyl agent import receipt.dabyl",
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--receipt", type=click.Path(dir_okay=False, path_type=Path), help="Write the receipt here, to be carried back."
)
def import_(file: Path, receipt: Path | None) -> None:
    """At the core, bring in parcels that were carried by hand. At the agent, bring in the core's receipt."""
    settings = read_settings()
    try:
        if is_receipt(file):
            _take_receipt(file, settings)
            return
        found = asyncio.run(_bring_in(file, settings))
    except CarriedFileError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{found.parcels} parcels: {found.new} new with {found.rows} rows, {found.known} known already.")
    if receipt is not None:
        write_receipt(receipt, found.answers)
        click.echo(f"The receipt for the agent: {receipt}")
    for words in found.refused[:20]:
        click.echo(f"refused: {words}", err=True)
    if found.refused:
        raise click.exceptions.Exit(1)


def _take_receipt(file: Path, settings: Settings) -> None:
    clock = SystemClock()
    host = consenting_host(agent_folder(settings.data))
    queue = host.queue(clock)
    try:
        before = queue.count().parcels
        outbox = Outbox(host.config, host.secret, queue, clock)
        bad = sum(not outbox.take_answer(answer) for answer in read_receipt(file))
        click.echo(f"{before - queue.count().parcels} parcels are committed and gone; {queue.count().parcels} wait.")
    finally:
        queue.close()
    if bad:
        raise click.ClickException(f"{file}: {bad} lines are not the core's, or not for this agent")


@dataclass(slots=True)
class _Found:
    """What a file came to."""

    parcels: int = 0
    new: int = 0
    known: int = 0
    rows: int = 0
    answers: list[bytes] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


async def _bring_in(file: Path, settings: Settings) -> _Found:
    # What a core needs is not loaded on an agent's small device.
    from collectors.agent_desk import AgentDesk  # noqa: PLC0415
    from monitor.app import core_key, parts  # noqa: PLC0415
    from monitor.configuration import load_configuration  # noqa: PLC0415
    from monitor.domain.agents import REFUSAL_WORDS  # noqa: PLC0415
    from monitor.store.state import open_state  # noqa: PLC0415

    clock = SystemClock()
    state = await open_state(settings.state_address, clock)
    found = _Found()
    try:
        joined = parts(load_configuration(settings.config), state, {}, clock)
        desk = AgentDesk(state, core_key(settings.data), clock)
        for data in read_parcels(file):
            found.parcels += 1
            taken = await desk.take(data, over=None, way="file")
            await joined.pipeline.process(taken.items)
            if taken.refusal is not None:
                found.refused.append(f"parcel {found.parcels} {REFUSAL_WORDS[taken.refusal]}")
            elif taken.pending is None:
                found.known += 1
                found.answers += [taken.answer] if taken.answer else []
            else:
                answers = await desk.committed([taken.pending])
                if not answers:
                    raise StoreUnavailableError("the store did not keep a parcel")
                found.new += 1
                found.rows += len(taken.measurements)
                found.answers += answers.values()
    finally:
        await state.close()
    return found
