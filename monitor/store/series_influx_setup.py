"""What must be there in InfluxDB before we write: buckets with their retention, and the tasks that keep the sums ready.

Looking changes nothing; setting up changes only what differs, and doing it twice changes nothing more.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from monitor.store.series_influx_access import InfluxAccess, Kept
from monitor.store.series_influx_flux import FIVE_MINUTES, HOUR, task
from monitor.store.series_influx_server import FoundTask, InfluxServer


class Difference(NamedTuple):
    """Something that is not as it should be.

    Attributes:
        words: what, for a person.
        mend: makes it right; `None` where only a person can.
    """

    words: str
    mend: Callable[[], Awaitable[None]] | None


async def differences(access: InfluxAccess, server: InfluxServer, kept: Kept) -> list[Difference]:
    """What is missing or differs; empty when all is as it should be."""
    found = await _of_buckets(access, server, kept)
    wanted = dict(task(access, step) for step in (FIVE_MINUTES, HOUR))
    known = await server.tasks(list(wanted))
    for name, script in wanted.items():
        found += _of_task(server, name, script, known.get(name))
    return found


async def _of_buckets(access: InfluxAccess, server: InfluxServer, kept: Kept) -> list[Difference]:
    known = await server.buckets(access.prefix)
    found = []
    for name, length in kept.of(access).items():
        bucket = known.get(name)
        if bucket is None:
            found.append(Difference(f"bucket {name} is missing", partial(server.make_bucket, name, length)))
        elif bucket.kept != length:
            words = f"bucket {name} keeps {span(bucket.kept)}, should keep {span(length)}"
            found.append(Difference(words, partial(server.keep_bucket, bucket, length)))
    return found


def _of_task(server: InfluxServer, name: str, script: str, known: FoundTask | None) -> list[Difference]:
    if known is None:
        return [Difference(f"task {name} is missing", partial(server.make_task, script))]
    if known.script.split() != script.split():
        return [Difference(f"task {name} has another script", partial(server.change_task, known, script))]
    if not known.active:
        return [Difference(f"task {name} is switched off", partial(server.change_task, known, script))]
    if known.failure is not None:
        return [Difference(f"task {name} failed when it last ran: {known.failure[:300]}", None)]
    return []


async def set_up(access: InfluxAccess, server: InfluxServer, kept: Kept) -> list[Difference]:
    """Make right what differs; what differed."""
    found = await differences(access, server, kept)
    for difference in found:
        if difference.mend is not None:
            await difference.mend()
    return found


async def take_down(access: InfluxAccess, server: InfluxServer) -> None:
    """Remove our buckets with all that is in them, and our tasks."""
    wanted = dict(task(access, step) for step in (FIVE_MINUTES, HOUR))
    for found in (await server.tasks(list(wanted))).values():
        await server.remove_task(found)
    for name, bucket in (await server.buckets(access.prefix)).items():
        if name in Kept().of(access):
            await server.remove_bucket(bucket)


def span(length: timedelta | None) -> str:
    """A retention in words."""
    if length is None:
        return "for ever"
    return f"{length.days} days" if length % timedelta(days=1) == timedelta() else f"{int(length.total_seconds())} s"
