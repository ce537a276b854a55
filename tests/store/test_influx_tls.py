"""Who InfluxDB says it is: a false certificate gets no request, so no token and no line."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from monitor.domain.errors import AccessDeniedError, StoreUnavailableError, UnavailableError
from monitor.runtime.clock import SimulatedClock
from monitor.store.series_influx import open_influx
from monitor.store.series_influx_access import InfluxAccess
from monitor.store.series_influx_delivery import compressed
from monitor.store.series_influx_server import InfluxServer

OURS = trustme.CA()
OTHERS = trustme.CA()


@asynccontextmanager
async def https(
    certificate: trustme.LeafCert, requests: list[str], oldest: ssl.TLSVersion | None = None
) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        requests.append(request.path)
        return web.Response(status=204)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    if oldest is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = oldest
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def authority(tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    OURS.cert_pem.write_to_path(str(path))
    return path


async def test_a_certificate_of_our_own_authority_is_trusted(tmp_path: Path, clock: SimulatedClock) -> None:
    requests: list[str] = []
    async with https(OURS.issue_cert("127.0.0.1"), requests) as url:
        server = InfluxServer(InfluxAccess(url=url, org="a", token="t", authority=authority(tmp_path)), clock)
        await server.write("dabyl_signals", compressed(b"a x=1 1"))
        await server.close()
    assert requests == ["/api/v2/write"]


@pytest.mark.parametrize(
    "certificate",
    [
        OTHERS.issue_cert("127.0.0.1"),
        OURS.issue_cert("elsewhere.example"),
        OURS.issue_cert("127.0.0.1", not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=datetime(2021, 1, 1, tzinfo=UTC)),
    ],
    ids=["unknown authority", "wrong name", "expired"],
)  # fmt: skip
async def test_a_false_certificate_gets_nothing_and_a_person_is_asked(
    tmp_path: Path, clock: SimulatedClock, certificate: trustme.LeafCert
) -> None:
    requests: list[str] = []
    async with https(certificate, requests) as url:
        server = InfluxServer(InfluxAccess(url=url, org="a", token="t", authority=authority(tmp_path)), clock)
        with pytest.raises(AccessDeniedError, match="certificate"):
            await server.write("dabyl_signals", compressed(b"a x=1 1"))
        with pytest.raises(AccessDeniedError, match="certificate"):
            await server.query("x")
        await server.close()
    assert requests == []


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
async def test_old_tls_is_refused(tmp_path: Path, clock: SimulatedClock) -> None:
    requests: list[str] = []
    async with https(OURS.issue_cert("127.0.0.1"), requests, ssl.TLSVersion.TLSv1_1) as url:
        server = InfluxServer(InfluxAccess(url=url, org="a", token="t", authority=authority(tmp_path)), clock)
        with pytest.raises((AccessDeniedError, UnavailableError)):
            await server.write("dabyl_signals", compressed(b"a x=1 1"))
        await server.close()
    assert requests == []


async def test_an_authority_that_is_no_certificate_is_said_at_the_start(tmp_path: Path, clock: SimulatedClock) -> None:
    (tmp_path / "nonsense.pem").write_text("hello")
    access = InfluxAccess(url="https://127.0.0.1:1", org="a", token="t", authority=tmp_path / "nonsense.pem")
    with pytest.raises(StoreUnavailableError, match="DABYL_INFLUXDB_CA"):
        await open_influx(access, tmp_path, clock)
