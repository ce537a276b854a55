"""A vantage: a process of its own in a namespace of its own, which measures with Dabyl's prober when it is told to."""

import asyncio
import json
import os
import socket
import traceback
from datetime import datetime, timedelta
from typing import Any

from collectors.probes.prober import Prober
from collectors.probes.resolve import system_resolvers
from collectors.probes.rounds import Round, Rounds
from collectors.probes.settings import ProberSettings, trusting
from monitor.domain.measurements import Link, Vantage, measurement_from_json, measurement_json
from monitor.domain.targets import ControlHost, Service, Target
from monitor.runtime.clock import SystemClock
from tests.lab.authority import public_root, roots_file
from tests.lab.namespaces import LabError, Namespace, bind_over, die_with_parent
from tests.lab.proxying import fetched_afresh
from tests.lab.world import CHECK_HOSTS, DOH_ADDRESS, DOMESTIC, PORTAL_HOSTS, PUBLIC_RESOLVERS

_LONGEST_ANSWER = 16 * 1024 * 1024
_EVERY_SECONDS = 0.1


class StoryClock(SystemClock):
    """The story's own date, moving with the machine's clock from when it was set."""

    def __init__(self, began: datetime) -> None:
        self._began = began
        self._zero = self.monotonic()

    def now(self) -> datetime:
        """The moment on the story's clock."""
        return self._began + timedelta(seconds=self.monotonic() - self._zero)


HOSTS = (
    *(ControlHost(id=f"abroad-{host}", url=f"http://{host}/", where="abroad") for host in CHECK_HOSTS),
    *(ControlHost(id=site.name, url=f"http://{site.here[0]}/", where="at_home") for site in DOMESTIC),
    *(ControlHost(id=f"portal-{host}", url=f"http://{host}/", where="portal") for host in PORTAL_HOSTS),
)
"""By these a vantage knows how its own line is."""


class VantageProcess:
    """The handle of a vantage that waits in its namespace."""

    def __init__(self, vantage: Vantage, namespace: Namespace, resolver: str, timeouts_seconds: float) -> None:
        self.vantage = vantage
        ours, theirs = socket.socketpair()
        self._resolver = resolver
        self._timeouts_seconds = timeouts_seconds
        roots = roots_file(public_root())
        self._pid = os.fork()
        if self._pid == 0:
            ours.close()
            _live(theirs, vantage, namespace, resolver, timeouts_seconds, roots)
        theirs.close()
        ours.setblocking(False)
        self._socket = ours

    async def open(self) -> None:
        """Begin to listen to it."""
        self._reader, self._writer = await asyncio.open_connection(sock=self._socket, limit=_LONGEST_ANSWER)

    async def measure(self, targets: list[Target], at: datetime) -> Round:
        """Have it measure these targets now, as if it were that time.

        Raises:
            LabError: the process failed; the text is its trace.
        """
        said = await self._done(
            {"at": at.isoformat(), "targets": [target.model_dump(mode="json") for target in targets]}
        )
        return Round(Link(said["link"]), tuple(measurement_from_json(json.dumps(one)) for one in said["measurements"]))

    async def fetch(self, urls: tuple[str, ...]) -> list[dict[str, Any]]:
        """Have it fetch these pages through the proxy.

        Raises:
            LabError: the process failed; the text is its trace.
        """
        found: list[dict[str, Any]] = (await self._done({"fetch": urls}))["fetched"]
        return found

    async def _done(self, job: dict[str, Any]) -> dict[str, Any]:
        self._writer.write(json.dumps(job).encode() + b"\n")
        line = await self._reader.readline()
        said: dict[str, Any] = json.loads(line) if line else {"error": "it is gone"}
        if "error" in said:
            raise LabError(f"the vantage {self.vantage.id}: {said['error']}")
        return said

    def close(self) -> None:
        """Let it end."""
        self._writer.close()


def _live(
    pipe: socket.socket, vantage: Vantage, namespace: Namespace, resolver: str, timeouts_seconds: float, roots: str
) -> None:
    """The child's life: settle, then measure whenever a line comes, until the pipe ends."""
    die_with_parent()
    try:
        namespace.settle()
        bind_over(f"nameserver {resolver}\n", "/etc/resolv.conf")
        settings = _settings(timeouts_seconds, roots)
        with pipe.makefile("rwb") as stream:
            for line in stream:
                stream.write(json.dumps(_answer(json.loads(line), vantage, settings, roots)).encode() + b"\n")
                stream.flush()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - a forked child never returns into its parent's code
        traceback.print_exc()
        os._exit(1)


def _answer(job: dict[str, Any], vantage: Vantage, settings: ProberSettings, roots: str) -> dict[str, Any]:
    try:
        if "fetch" in job:
            return {"fetched": fetched_afresh(job["fetch"], roots)}
        targets = [Target.model_validate(target) for target in job["targets"]]
        done = asyncio.run(_measured(targets, datetime.fromisoformat(job["at"]), vantage, settings))
    except Exception:  # noqa: BLE001 - the parent tells of whatever it was
        return {"error": traceback.format_exc()}
    return {"link": done.link.value, "measurements": [json.loads(measurement_json(one)) for one in done.measurements]}


async def _measured(targets: list[Target], at: datetime, vantage: Vantage, settings: ProberSettings) -> Round:
    """One round, as agents have them, hurried: targets begin within a fraction of a second."""
    clock = StoryClock(at)
    plan = [(Service(id=target.id, name=target.id, targets=(target,)), target) for target in targets]
    return await Rounds(
        Prober(settings, clock), vantage, plan, clock, hosts=HOSTS, every_seconds=_EVERY_SECONDS
    ).round()


def _settings(seconds: float, roots: str) -> ProberSettings:
    """The prober as it is in the field, with shorter patience. Its resolver is the one of this machine's own file."""
    return ProberSettings(
        system=(system_resolvers()[0], 53),
        second=(PUBLIC_RESOLVERS[0], 53),
        doh=f"https://{DOH_ADDRESS}/dns-query",
        dns_seconds=seconds * 2 / 3,
        late_seconds=0.2,
        tcp_seconds=seconds * 2 / 3,
        tls_seconds=seconds,
        http_seconds=seconds,
        attempts=1,
        retry_seconds=0.2,
        trusted=trusting(roots),
        roots=roots,
    )
