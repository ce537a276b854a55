"""Whether a vantage's own link is up, asked of the check hosts."""

import asyncio

from collectors.probes.prober import Prober
from monitor.domain.measurements import HttpStep, Link, Measurement, Vantage
from monitor.domain.targets import Target
from tests.lab.world import CHECK_HOSTS


async def link_of(prober: Prober, vantage: Vantage) -> Link:
    """Fetch the known short answer of each check host."""
    targets = [Target(id=f"check-{number}", url=f"http://{host}/") for number, host in enumerate(CHECK_HOSTS)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(prober.measure(target, vantage)) for target in targets]
    pages = [page for task in tasks if (page := _page(task.result())) is not None]
    right = sum(page.status == 204 for page in pages)
    if right * 2 >= len(targets):
        return Link.UP
    return Link.CAPTIVE_PORTAL if pages else Link.DOWN


def _page(measurement: Measurement) -> HttpStep | None:
    return next((step for step in measurement.steps if isinstance(step, HttpStep) and step.status), None)
