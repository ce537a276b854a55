"""`dabyl send-test`: one marked message through a receiver, to see that it arrives."""

import asyncio

import click

from alerts.receivers import kind
from alerts.routes import Destination
from monitor.configuration import load_configuration
from monitor.domain.alerts import Level, Notification, Reason, Severity
from monitor.domain.errors import DeliveryError
from monitor.domain.ids import content_id
from monitor.domain.moments import rfc3339
from monitor.problems import unknown
from monitor.runtime.clock import SystemClock
from monitor.settings import needed_secret, read_settings


@click.command(name="send-test", epilog="\b\nExample:\n  dabyl send-test console")
@click.argument("receiver")
def command(receiver: str) -> None:
    """Send one message marked DRILL through RECEIVER, an id of receivers.yaml."""
    configuration = load_configuration(read_settings().config)
    known = {destination.id: destination for destination in configuration.destinations}
    if receiver not in known:
        raise click.ClickException(unknown("receiver", receiver, known))
    try:
        reference = asyncio.run(_send(known[receiver]))
    except DeliveryError as error:
        raise click.ClickException(f"not delivered: {error.reason}") from None
    click.echo(f"handed over to {receiver}{f' ({reference})' if reference else ''}")


async def _send(destination: Destination) -> str | None:
    sort = kind(destination.kind)
    made = sort.make(sort.config.model_validate(destination.settings), needed_secret)
    now = SystemClock().now()
    note = Notification(
        id=content_id("drill", destination.id, rfc3339(now) or ""), incident="drill", alert=None, receiver=destination.id,
        reason=Reason.DRILL, severity=Severity.INFO, level=Level.SEEN, created_at=now, event_at=now, due_at=now,
        subject="[DRILL] Dabyl test message", short="[DRILL] Dabyl test message: nothing has happened",
        body="[DRILL] This is a test message of Dabyl. Nothing has happened.\nIf you read it, this way of telling you works.",
    )  # fmt: skip
    try:
        receipt = await made.send(note)
        return receipt.reference  # type: ignore[no-any-return]
    finally:
        await made.close()
