"""First-run set-up: made once, kept, renewed in time, and the real broker takes it and keeps parts apart."""

import asyncio
import os
import select
import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.broker_settings import broker_of, instance_of
from monitor.bus.mqtt_connection import connected
from monitor.domain.errors import AccessDeniedError, UnavailableError
from monitor.provision.authority import read_pair
from monitor.provision.services import Places, Provision
from monitor.settings import SettingsError
from tests.contract.mosquitto import PROGRAM, free_port, need_mosquitto

NOW = datetime.now(UTC)


def places(folder: Path, port: int) -> Places:
    return Places(
        secrets=str(folder / "secrets"), broker_folder=str(folder / "broker"), broker_host="localhost",
        broker_address="127.0.0.1", broker_port=port, database_host="localhost",
    )  # fmt: skip


def made(folder: Path, port: int = 8884, now: datetime = NOW) -> list[str]:
    return list(Provision(folder, places(folder, port), now).make())


def test_what_is_there_stays_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "services"
    assert len(made(folder)) > 15
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert made(folder) == []
    assert before == {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    for file in folder.rglob("*"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
    assert "password" not in (folder / "services.env").read_text().lower()


def test_certificates_are_renewed_before_they_end_and_passwords_never_change(tmp_path: Path) -> None:
    made(tmp_path)
    password = (tmp_path / "secrets" / "postgres_password").read_text()
    renewed = made(tmp_path, now=NOW + timedelta(days=700))
    assert {Path(name).stem for name in renewed} == {
        "broker",
        "postgres",
        "influxdb",
        "collect",
        "read",
        "alert",
        "web",
    }
    again = read_pair(tmp_path / "secrets" / "read.pem", tmp_path / "secrets" / "read.key")
    assert again.certificate.not_valid_after_utc > NOW + timedelta(days=1000)
    assert (tmp_path / "secrets" / "postgres_password").read_text() == password


def test_a_key_that_is_damaged_is_said(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / "authority.key").write_text("nonsense")
    with pytest.raises(ValueError, match=r"."):
        made(tmp_path)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    need_mosquitto()
    folder, port = tmp_path / "services", free_port()
    made(folder, port)
    configuration = folder / "broker" / "mosquitto.conf"
    if os.geteuid() == 0:
        configuration.write_text("user root\n" + configuration.read_text())
    assert PROGRAM is not None
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "-c", str(configuration)], stdout=log, stderr=log)
    for _ in range(200):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert process.poll() is None, (tmp_path / "log").read_text()
        select.select([], [], [], 0.02)
    yield folder, port
    process.terminate()
    process.wait(10)


def environment(folder: Path, port: int, part: str) -> dict[str, str]:
    place = folder / "secrets"
    return {
        "DABYL_BUS_URL": f"mqtts://localhost:{port}/dabyl", "DABYL_BUS_AUTHORITIES": str(place / "authority.pem"),
        "DABYL_BUS_CERTIFICATE": str(place / f"{part}.pem"), "DABYL_BUS_KEY": str(place / f"{part}.key"),
    }  # fmt: skip


async def test_the_broker_takes_parts_by_certificate_and_gives_each_its_rights(broker: tuple[Path, int]) -> None:
    reading, topics = broker_of(environment(*broker, "read"))
    collecting = replace(broker_of(environment(*broker, "collect"))[0], identifier="dabyl-collect")
    async with connected(reading) as reader, connected(collecting) as collector:
        await reader.subscribe(topics.shared_items)
        await collector.subscribe(topics.receipts("collect"))
        await collector.publish(topics.items("collect", "1"), b"batch")
        message = await asyncio.wait_for(reader.receive(), 5)
        assert message.payload == b"batch"
        reader.acknowledge(message)
        # A reader may not pretend to be a collector: the broker refuses, or takes it and gives it to nobody.
        try:
            await reader.publish(topics.items("collect", "2"), b"forged")
        except UnavailableError:
            return
        assert await reader.receive_within(0.5) is None


async def test_without_our_certificate_nobody_is_let_in(broker: tuple[Path, int]) -> None:
    place = broker[0] / "secrets"
    settings = {
        "DABYL_BUS_URL": f"mqtts://localhost:{broker[1]}",
        "DABYL_BUS_AUTHORITIES": str(place / "authority.pem"),
    }
    stranger, _ = broker_of(settings)
    with pytest.raises((UnavailableError, AccessDeniedError)):
        async with connected(stranger) as connection:
            await connection.publish("dabyl/v1/bell/signals", "")


async def test_a_broker_of_another_authority_is_not_trusted(broker: tuple[Path, int], tmp_path: Path) -> None:
    made(tmp_path / "other")
    settings = environment(*broker, "read") | {
        "DABYL_BUS_AUTHORITIES": str(tmp_path / "other" / "secrets" / "authority.pem")
    }
    with pytest.raises(UnavailableError, match="not valid"):
        async with connected(broker_of(settings)[0]):
            pass


def test_the_authority_is_one_for_tls(tmp_path: Path) -> None:
    made(tmp_path)
    context = ssl.create_default_context(cafile=tmp_path / "secrets" / "authority.pem")
    assert context.cert_store_stats()["x509_ca"] >= 1


@pytest.mark.parametrize(
    "url", ["", "http://x", "mqtts://", "mqtt://h:99999", "mqtts://h/a/b", "mqtts://h/пример", "mqtts://[", "nonsense"]
)
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        broker_of({"DABYL_BUS_URL": url.replace("//", "//user:hunter2@")} if url else {})
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("name", ["", "Read", "a/b", "x" * 32, "#"])
def test_a_name_that_cannot_stand_in_a_topic_is_refused(name: str) -> None:
    if not name:
        assert instance_of("read", None, {}) == "read"
        return
    with pytest.raises(SettingsError):
        instance_of("read", name, {})
