"""Our own way to the internet, checked before others are judged: fixed hosts abroad and at home, and a page known by heart."""

import asyncio
from collections.abc import Sequence

from collectors.probes.prober import Prober
from monitor.detect.verdict_round import ControlHosts, link_state
from monitor.domain.measurements import HttpStep, Link, Measurement, TcpStep, Vantage
from monitor.domain.targets import ControlHost


def answered(measurement: Measurement) -> bool:
    """Whether a control host answered at all: connected, and if it is a page, gave one."""
    pages = [step for step in measurement.steps if isinstance(step, HttpStep)]
    if pages:
        return any(page.status is not None for page in pages)
    return any(isinstance(step, TcpStep) and step.failure is None for step in measurement.steps)


def portal_seen(measurement: Measurement, expected_status: int) -> bool | None:
    """Whether somebody put a page of his own in the known page's place; `None` if no page came."""
    pages = [step for step in measurement.steps if isinstance(step, HttpStep) and step.hop == 0 and step.status]
    return pages[0].status != expected_status if pages else None


async def check_link(prober: Prober, vantage: Vantage, hosts: Sequence[ControlHost]) -> Link:
    """Ask all control hosts at once, once each, and say how our link is."""
    async with asyncio.TaskGroup() as group:
        asked = [(host, group.create_task(prober.measure(host.target(), vantage))) for host in hosts]
    seen = [(host, task.result()) for host, task in asked]
    counts = {
        where: ControlHosts(
            sum(answered(found) for host, found in seen if host.where == where),
            sum(host.where == where for host in hosts),
        )
        for where in ("abroad", "at_home")
    }
    portals = [portal_seen(found, host.expected_status) for host, found in seen if host.where == "portal"]
    known = [portal for portal in portals if portal is not None]
    # One page that changed may be its owner's doing; a portal changes them all.
    return link_state(counts["abroad"], counts["at_home"], all(known) if known else None)
