"""`dabyl agent run`: the agent of this device. No packet leaves before key, configuration and consent were read."""

import asyncio
import logging
import secrets
import signal
from dataclasses import dataclass
from functools import partial

import click

from collectors.addresses import networks
from collectors.agent.consent import read_consent
from collectors.agent.keys import Secret, read_key
from collectors.agent.outbox import Outbox
from collectors.agent.parcels import pack_content
from collectors.agent.probing import RoundProber, agreed, unknown_services
from collectors.agent.queue import DiskQueue
from collectors.agent.runner import AgentRunner
from collectors.agent.settings import AgentConfig, AgentFolder, agent_folder
from collectors.agent.uplink import Sender
from collectors.probes.prober import Prober
from collectors.probes.resolve import system_resolvers
from collectors.probes.rounds import Rounds
from collectors.probes.settings import ProberSettings
from monitor.cli.agent_small import start_small
from monitor.configuration_probing import read_probing
from monitor.domain.errors import AccessDeniedError
from monitor.domain.health import Feeling, Health
from monitor.domain.ports import Clock
from monitor.folder import Folder
from monitor.runtime.clock import SystemClock
from monitor.runtime.logs import set_up
from monitor.runtime.supervisor import Supervisor
from monitor.settings import Settings, read_settings, secret
from monitor.store.lock import DataInUseError, DataLock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Host:
    """An agent that may run: its key, its configuration, and its host's consent to all of it."""

    folder: AgentFolder
    config: AgentConfig
    secret: Secret

    def queue(self, clock: Clock) -> DiskQueue:
        """Its disk queue, opened."""
        seal = partial(pack_content, core=self.config.core)
        return DiskQueue(self.folder.queue, seal, self.config.buffer_mib * 2**20, clock.now())


def consenting_host(folder: AgentFolder) -> Host:
    """Everything that must be there before a packet leaves.

    Raises:
        AccessDeniedError: no key, or no consent to what is configured.
        ConfigurationError: no configuration that can be used.
    """
    config = folder.read()
    key = read_key(folder.key)
    consent = read_consent(folder.consent, config.id, key.public)
    if not consent.allows(config.sensitive):
        words = "agent.yaml names sensitive services that the consent does not: say dabyl agent enrol --again"
        raise AccessDeniedError(words)
    return Host(folder, config, key)


@click.command(epilog="\b\nExample:\n  dabyl agent run")
def run() -> None:
    """Run this device's agent: measure, keep, hand over. Stop it with Ctrl-C or SIGTERM; what was measured is kept."""
    settings = read_settings()
    set_up(settings.log_level, settings.log_format)
    host = consenting_host(agent_folder(settings.data))
    start_small(host.folder.place)
    clock = SystemClock()
    try:
        with DataLock(host.folder.place, clock):
            asyncio.run(_serve(host, settings, clock))
    except DataInUseError as error:
        raise click.ClickException(str(error)) from None


def make_prober(host: Host, settings: Settings, clock: Clock) -> RoundProber:
    """Rounds over what its host agreed to.

    Raises:
        ConfigurationError: targets.yaml, probing.yaml or agent.yaml cannot be used.
    """
    folder = Folder(settings.config)
    found = read_probing(folder)
    for name in unknown_services(found.services, host.config):
        folder.note("targets.yaml", 0, name, "agent.yaml names this service, and it is not there")
    folder.finish()
    plan = agreed(found.services, host.config)
    own = ProberSettings(
        system=next(((address, 53) for address in system_resolvers()), None),
        second=(found.probing.second_resolver, 53) if found.probing.second_resolver else None,
        doh=found.probing.doh,
        allowed=networks(settings.allow_private),
    )
    shortest = min((service.every_seconds for service, _ in plan), default=120.0)
    rounds = Rounds(
        Prober(own, clock), host.config.vantage, plan, clock, hosts=found.probing.hosts, every_seconds=shortest,
        seed=secrets.randbits(32),
    )  # fmt: skip
    return RoundProber(rounds)


async def _serve(host: Host, settings: Settings, clock: Clock) -> None:
    prober = make_prober(host, settings, clock)
    queue = host.queue(clock)
    outbox = Outbox(host.config, host.secret, queue, clock)
    sender = Sender(outbox, clock, password=_password(host.folder), proxy=secret("DABYL_AGENT_PROXY"))
    supervisor = Supervisor(clock, _note)
    runner = AgentRunner(outbox=outbox, prober=prober, sender=sender, clock=clock)
    runner.supervise(supervisor)
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, supervisor.stop)
    count = queue.count()
    click.echo(f"Agent {host.config.id} runs; {count.rows} rows wait. Stop with Ctrl-C.")
    try:
        await supervisor.run()
    finally:
        queue.pack(all_of_it=True)
        queue.close()


def _note(health: Health) -> None:
    if health.feeling is not Feeling.OK:
        log.warning("%s: %s", health.subject, health.reason)


def _password(folder: AgentFolder) -> str | None:
    given = secret("DABYL_AGENT_PASSWORD")
    if given is not None:
        return given
    try:
        return folder.password.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except OSError:
        raise AccessDeniedError("the file with the broker's password cannot be read") from None
