"""`dabyl agent keys`, `admit`, `revoke` and `status`: whom the core trusts, and how its agents are."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from collectors.agent.enrolment import EnrolmentError, Invitation, Request, set_broker_password
from collectors.agent.keys import fingerprint
from collectors.agent.settings import agent_folder, coarse
from monitor.app import core_key
from monitor.cli.looking import looking
from monitor.cli.output import print_table
from monitor.domain.agents import Agent, Standing
from monitor.domain.changes import AuditEntry, Change
from monitor.domain.errors import StoreUnavailableError
from monitor.domain.measurements import Vantage
from monitor.domain.moments import rfc3339
from monitor.runtime.clock import SystemClock
from monitor.settings import Settings, read_settings
from monitor.store.state import SqlStateStore, open_state

KEYS_EXAMPLES: Final = """\b
Examples:
  dabyl agent keys
  dabyl agent keys --invitation --broker broker.example.org --https https://core.example.org:8443/
"""
ADMIT_EXAMPLES: Final = """\b
Examples:
  dabyl agent admit dabyl-request:...
  dabyl agent admit @request.txt --broker-passwords config/mosquitto/passwords
"""
PASSWORDS = click.option(
    "--broker-passwords", type=click.Path(dir_okay=False, path_type=Path),
    help="Mosquitto's password file: keep it in step (then send the broker SIGHUP).",
)  # fmt: skip


@click.command(epilog=KEYS_EXAMPLES)
@click.option("--invitation", is_flag=True, help="Print an invitation for agents.")
@click.option("--broker", help="HOST or HOST:PORT of the broker, as agents reach it.")
@click.option("--https", "https_url", help="Address of the core's door for agents.")
@click.option(
    "--authorities", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificates (PEM) that may sign for both, where they are of your own making.",
)  # fmt: skip
def keys(broker: str | None, https_url: str | None, authorities: Path | None, *, invitation: bool) -> None:
    """Show the core's public key and every agent's; the core's key is made when it is first asked for."""
    settings = read_settings()
    secret = core_key(settings.data)
    if invitation:
        host, _, port = (broker or "").partition(":")
        click.echo(_invitation(secret.public, host, port, https_url, authorities).line())
        return
    click.echo(f"core {fingerprint(secret.public)} {secret.public}")
    for agent, _ in _agents(settings):
        state = f"revoked {rfc3339(agent.revoked_at)}" if agent.revoked_at else "trusted"
        click.echo(f"{agent.id} {fingerprint(agent.key)} {state}")


def _invitation(public: str, host: str, port: str, https_url: str | None, authorities: Path | None) -> Invitation:
    values: dict[str, Any] = {"core": public}
    if host:
        values["broker_host"] = host
    if port:
        values["broker_port"] = port
    if https_url:
        values["https_url"] = https_url
    if authorities is not None:
        values["authorities"] = authorities.read_text(encoding="ascii", errors="replace")
    try:
        return Invitation.model_validate(values)
    except ValueError as error:
        raise click.ClickException(f"no invitation can be made of this: {error}") from None


@click.command(epilog=ADMIT_EXAMPLES)
@click.argument("request")
@click.option("--fingerprint", "expected", help="What its host read to you; refused where it differs.")
@PASSWORDS
def admit(request: str, expected: str | None, broker_passwords: Path | None) -> None:
    """Trust an agent from now on. REQUEST is the line that `dabyl agent enrol` printed, or @FILE."""
    if request.startswith("@"):
        try:
            request = Path(request[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise click.ClickException(f"{request[1:]}: cannot be read ({type(error).__name__})") from None
    try:
        asked = Request.read(request)
    except EnrolmentError as error:
        raise click.ClickException(str(error)) from None
    if expected is not None and expected != fingerprint(asked.key):
        raise click.ClickException(f"the fingerprint is {fingerprint(asked.key)}; nothing was changed")
    agent = Agent(
        id=asked.agent, key=asked.key, vantage=asked.vantage, place=coarse(asked.place),
        enrolled_at=SystemClock().now(), sensitive=asked.sensitive,
    )  # fmt: skip
    if not asyncio.run(_admit(read_settings(), agent)):
        raise click.ClickException(
            f"'{agent.id}' is taken by another key, or was revoked; let it enrol under a new name"
        )
    if broker_passwords is not None:
        set_broker_password(broker_passwords, agent.id, asked.broker_password_hash)
    click.echo(f"{agent.id} is trusted, {fingerprint(agent.key)}: {_where(agent)}")


async def _admit(settings: Settings, agent: Agent) -> bool:
    clock = SystemClock()
    state = await open_state(settings.state_address, clock)
    try:
        admitted = await state.admit(agent)
        known = await state.agent(agent.id)
        admitted = admitted and known is not None and known[0].revoked_at is None
        if admitted:
            await _note(state, "admitted", agent.id, fingerprint(agent.key))
        return admitted
    finally:
        await state.close()


@click.command(epilog="\b\nExample:\n  dabyl agent revoke agent-1a2b3c")
@click.argument("name")
@PASSWORDS
def revoke(name: str, broker_passwords: Path | None) -> None:
    """Trust an agent no more. The running core refuses it at once; its name and key are never trusted again."""
    revoked = asyncio.run(_revoke(read_settings(), name))
    if broker_passwords is not None:
        set_broker_password(broker_passwords, name, None)
    if not revoked:
        raise click.ClickException(f"'{name}' is not known, or was revoked before")
    click.echo(f"{name} is revoked: nothing is taken from it any more")


async def _revoke(settings: Settings, name: str) -> bool:
    clock = SystemClock()
    state = await open_state(settings.state_address, clock)
    try:
        revoked = await state.revoke(name, clock.now())
        if revoked:
            await _note(state, "revoked", name, "")
        return revoked
    finally:
        await state.close()


async def _note(state: SqlStateStore, action: str, name: str, details: str) -> None:
    entry = AuditEntry(
        at=SystemClock().now(), actor="operator", action=action, subject=f"agent:{name}", details=details
    )
    await state.apply(Change(audit=(entry,)))


@click.command(epilog="\b\nExamples:\n  dabyl agent status\n  dabyl agent status --json")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines, for programs.")
def status(*, as_json: bool) -> None:
    """How this device's agent is, and how the core's agents are: whatever of the two is here."""
    settings = read_settings()
    rows = [*_own(settings), *_known(settings)]
    if not rows:
        raise click.ClickException("neither an agent nor a core's data is here")
    if as_json:
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    for row in rows[:1] if rows[0]["of"] == "this device" else []:
        for key, value in row.items():
            click.echo(f"{key.replace('_', ' '):<18} {value if value is not None else '-'}")
    columns = ["agent", "where", "state", "last_heard_at", "clock_offset_seconds", "waiting_parcels", "dropped_rows"]
    core = [row for row in rows if row["of"] == "core"]
    if core:
        print_table(core, columns, "Agents of this core")


def _own(settings: Settings) -> Sequence[dict[str, Any]]:
    folder = agent_folder(settings.data)
    if not folder.configuration.exists():
        return []
    # Only looked at: a queue that is not there yet is not made by looking.
    from monitor.cli.agent_run import consenting_host  # noqa: PLC0415 - the core has no agent's parts loaded

    host = consenting_host(folder)
    row: dict[str, Any] = {"of": "this device", "agent": host.config.id, "where": _vantage_words(host.config.vantage)}
    if folder.queue.exists():
        queue = host.queue(SystemClock())
        count = queue.count()
        queue.close()
        row |= {
            "waiting_rows": count.rows, "waiting_parcels": count.parcels, "waiting_bytes": count.waiting_bytes,
            "oldest_at": rfc3339(count.oldest_at), "committed_rows": count.committed_rows,
            "dropped_rows": count.dropped_rows, "set_aside_parcels": count.set_aside,
        }  # fmt: skip
    return [row]


def _known(settings: Settings) -> Sequence[dict[str, Any]]:
    return [
        {
            "of": "core", "agent": agent.id, "where": _where(agent),
            "state": "revoked" if agent.revoked_at else "trusted",
            "last_heard_at": rfc3339(standing.last_heard_at), "clock_offset_seconds": standing.clock_offset_seconds,
            "waiting_parcels": standing.waiting_parcels, "dropped_rows": standing.dropped_rows,
        }
        for agent, standing in _agents(settings)
    ]  # fmt: skip


def _agents(settings: Settings) -> Sequence[tuple[Agent, Standing]]:
    async def ask() -> Sequence[tuple[Agent, Standing]]:
        async with looking(settings) as state:
            return await state.agents()

    try:
        return asyncio.run(ask())
    except StoreUnavailableError:
        return []


def _where(agent: Agent) -> str:
    return _vantage_words(agent.vantage)


def _vantage_words(vantage: Vantage) -> str:
    parts = [vantage.region or "outside", vantage.operator, f"AS{vantage.asn}" if vantage.asn else None, vantage.access]
    return ", ".join(str(part) for part in parts if part)
