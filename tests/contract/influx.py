"""InfluxDB for the contract suite: the fake on loopback always, a real server where one is named."""

import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from monitor.domain.ports import Clock
from monitor.domain.series import Point
from monitor.store.series_influx import InfluxSeries, open_influx
from monitor.store.series_influx_access import InfluxAccess, Kept
from monitor.store.series_influx_server import InfluxServer
from monitor.store.series_influx_setup import set_up, take_down
from tests.fakes.influx import FakeInflux

FOR_EVER = Kept(None, None, None, None)
"""The suite's days are in the past and must not fall to retention."""


class Handed(InfluxSeries):
    """Hands over at once what is written, as the deliveries of a running service do within a moment."""

    async def write(self, batch: Sequence[Point]) -> None:
        await super().write(batch)
        await self.drain()


async def handed(access: InfluxAccess, directory: Path, clock: Clock) -> Handed:
    opened = await open_influx(access, directory, clock)
    return Handed(access, opened._server, opened._outbox, clock)


@asynccontextmanager
async def faked_influx(directory: Path, clock: Clock) -> AsyncIterator[InfluxSeries]:
    async with FakeInflux(clock) as fake:
        access = InfluxAccess(url=fake.url, org=fake.org, token=fake.token)
        for name in FOR_EVER.of(access):
            fake.add_bucket(name)
        store = await handed(access, directory, clock)
        yield store
        await store.close()


@asynccontextmanager
async def real_influx(directory: Path, clock: Clock) -> AsyncIterator[InfluxSeries]:
    url = os.environ.get("DABYL_TEST_INFLUXDB_URL", "")
    if not url:
        # No package of this system holds one, so that no run can demand it.
        pytest.skip("no InfluxDB 2 server is named (DABYL_TEST_INFLUXDB_URL, _TOKEN, _ORG)")
    access = InfluxAccess(
        url=url,
        org=os.environ["DABYL_TEST_INFLUXDB_ORG"],
        token=os.environ["DABYL_TEST_INFLUXDB_TOKEN"],
        prefix=f"dabyltest{secrets.token_hex(4)}",
    )
    server = InfluxServer(access, clock)
    try:
        await set_up(access, server, FOR_EVER)
        store = await handed(access, directory, clock)
        yield store
        await store.close()
    finally:
        await take_down(access, server)
        await server.close()
