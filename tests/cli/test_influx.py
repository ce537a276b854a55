"""`dabyl influx` and `dabyl migrate` as a person uses them, against a server on loopback."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from monitor.runtime.clock import SystemClock
from monitor.settings import SettingsError, read_settings
from monitor.store.series_embedded import open_series
from monitor.store.series_influx import open_influx
from tests.fakes.influx import FakeInflux
from tests.store.influx_cast import access_to, probe, probes

ROOT = Path(__file__).resolve().parents[2]


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeInflux]:
    async with FakeInflux(SystemClock()) as server:
        yield server


async def dabyl(fake: FakeInflux, directory: Path, *words: str) -> tuple[int, str]:
    token = directory / "token"
    token.write_text(f"{fake.token}\n")
    environment = {
        "PATH": "/usr/bin", "PYTHONPATH": str(ROOT), "DABYL_DATA": str(directory), "DABYL_INFLUXDB_URL": fake.url,
        "DABYL_INFLUXDB_ORG": fake.org, "DABYL_INFLUXDB_TOKEN_FILE": str(token), "COLUMNS": "200",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", *words, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_setup_makes_what_is_missing_and_check_agrees(fake: FakeInflux, tmp_path: Path) -> None:
    code, said = await dabyl(fake, tmp_path, "influx", "setup", "--check")
    assert code == 1
    assert "bucket dabyl_measurements is missing: not as it should be" in said
    assert not fake.buckets
    code, said = await dabyl(fake, tmp_path, "influx", "setup", "--keep-measurements", "365d")
    assert (code, said.count("made right")) == (0, 6)
    assert fake.buckets["dabyl_measurements"].every_seconds == 365 * 86_400
    code, said = await dabyl(fake, tmp_path, "influx", "setup", "--check")
    assert code == 1
    assert "keeps 365 days, should keep 180 days" in said
    code, said = await dabyl(fake, tmp_path, "influx", "setup", "--check", "--keep-measurements", "365d")
    assert code == 0
    assert "as they should be" in said


async def test_parked_lines_are_shown_with_their_reason_and_put_back(fake: FakeInflux, tmp_path: Path) -> None:
    await dabyl(fake, tmp_path, "influx", "setup")
    store = await open_influx(access_to(fake), tmp_path, SystemClock())
    now = SystemClock().now()
    await store.write([*probes(5, now), probe(9, at=now)._replace(value=float("nan"))])
    await store.drain()
    await store.close()
    code, said = await dabyl(fake, tmp_path, "influx", "parked")
    assert code == 0
    assert "invalid number" in said
    code, said = await dabyl(fake, tmp_path, "influx", "status")
    assert "0 lines wait" in said
    assert "5 lines were taken. 1 are parked" in said
    code, said = await dabyl(fake, tmp_path, "influx", "parked", "--retry")
    assert said == "1 lines are in the queue again.\n"


async def test_migrating_shows_its_progress_and_compares(fake: FakeInflux, tmp_path: Path) -> None:
    await dabyl(fake, tmp_path, "influx", "setup")
    embedded = await open_series(tmp_path, SystemClock())
    await embedded.write(probes(50, SystemClock().now()))
    await embedded.close()
    code, said = await dabyl(fake, tmp_path, "migrate", "series", "--to", "influx")
    assert (code, fake.count("dabyl_measurements")) == (0, 50)
    assert "50 points copied" in said


async def test_what_is_missing_or_away_is_one_clear_line(fake: FakeInflux, tmp_path: Path) -> None:
    fake.token = "another"
    code, said = await dabyl(fake, tmp_path, "influx", "status")
    assert code == 1
    assert "nothing was ever written" in said
    fake.org, wanted = "another", fake.org
    code, said = await dabyl(fake, tmp_path, "influx", "setup")
    assert code != 0 or wanted
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"URL": "http://a:1"}, "DABYL_INFLUXDB_ORG and DABYL_INFLUXDB_TOKEN"),
        ({"ORG": "a", "TOKEN": "t"}, "DABYL_INFLUXDB_URL"),
        ({"URL": "ftp://a", "ORG": "a", "TOKEN": "t"}, "DABYL_INFLUXDB_URL must be"),
        ({"URL": "https://u:secret@a", "ORG": "a", "TOKEN": "t"}, "without a name or password"),
        ({"URL": "https://a", "ORG": "a", "TOKEN": "t", "PREFIX": "a b"}, "DABYL_INFLUXDB_PREFIX"),
    ],
)
def test_settings_name_what_is_wrong_and_no_secret(given: dict[str, str], words: str) -> None:
    environment = {f"DABYL_INFLUXDB_{name}": value for name, value in given.items()}
    with pytest.raises(SettingsError, match=words) as caught:
        read_settings(environment)
    assert "secret" not in str(caught.value)


def test_settings_never_show_the_token() -> None:
    environment = {
        "DABYL_INFLUXDB_URL": "https://a:8086/",
        "DABYL_INFLUXDB_ORG": "a",
        "DABYL_INFLUXDB_TOKEN": "hush-hush",
    }
    settings = read_settings(environment)
    assert settings.influx is not None
    assert settings.influx.url == "https://a:8086"
    assert settings.influx.token == "hush-hush"
    assert "hush" not in repr(settings)


async def test_the_service_starts_and_works_while_influxdb_is_away(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "sources.yaml").write_text(
        "sources:\n  - {id: a, kind: feeds, name: A, owner: a, settings: {url: 'http://127.0.0.1:9/'}}\n"
    )
    environment = {
        "PATH": "/usr/bin", "PYTHONPATH": str(ROOT), "DABYL_DATA": str(tmp_path / "data"), "DABYL_CONFIG": str(config),
        "DABYL_INFLUXDB_URL": "http://127.0.0.1:9", "DABYL_INFLUXDB_ORG": "a", "DABYL_INFLUXDB_TOKEN": "hush-hush",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", "run", "--port", "0", env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    found = re.search(r"http://[\d.:]+/", (await process.stdout.readline()).decode())
    assert found
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{found.group()}ready") as answer:
            assert answer.status == 200
        async with session.get(f"{found.group()}metrics") as answer:
            text = await answer.text()
    assert "dabyl_outbox_lines 0.0" in text
    assert "dabyl_outbox_delivered_lines_total" in text
    assert "hush" not in text
    process.terminate()
    assert await process.wait() == 0
    code, said = 0, ""
    for words in (("history", "series"), ("history", "outages")):
        asking = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor", *words, env=environment, stderr=asyncio.subprocess.PIPE
        )
        _, said_bytes = await asking.communicate()
        code, said = asking.returncode or 0, said_bytes.decode()
        assert code == 1
        assert "dabyl: series: InfluxDB cannot be reached" in said
        assert "Traceback" not in said
