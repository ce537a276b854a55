"""`inspect probe`, `inspect ooni` and `targets` as people script against them."""

import asyncio
import gzip
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from collectors.agent.consent import READ_BACK, RISKS
from tests.fakes.farm import HOST, SITE, Farm, farm

ROOT = Path(__file__).resolve().parents[2]
OONI: dict[str, Any] = {
    "test_name": "web_connectivity",
    "input": "http://site.example/",
    "measurement_start_time": "2026-01-05 12:00:00",
    "probe_asn": "AS9198",
    "test_keys": {
        "queries": [{"engine": "system", "query_type": "A", "hostname": "site.example", "answers": [], "failure": "dns_nxdomain_error"}],
        "control": {"dns": {"failure": None, "addrs": ["93.184.216.34"]}, "http_request": {"failure": None, "status_code": 200, "body_length": 9}},
        "control_failure": None,
    },
}  # fmt: skip


async def dabyl(*words: str, code: int = 0, allowed: bool = True, **environment: str) -> str:
    """Run the command beside the loop, so that the farm goes on answering."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "monitor",
        *words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={
            **os.environ,
            "DABYL_DATA": "/nonexistent",
            "PYTHONPATH": str(ROOT),
            "DABYL_ALLOW_PRIVATE": "127.0.0.0/8" if allowed else "",
            **environment,
        },
        cwd=ROOT,
    )
    out, err = await process.communicate()
    assert process.returncode == code, err.decode()
    return out.decode() if code == 0 or out else err.decode()


@pytest_asyncio.fixture
async def servers(tmp_path: Path) -> AsyncIterator[Farm]:
    async with farm(tmp_path) as made:
        yield made


async def test_a_stored_measurement_is_judged_in_one_line(tmp_path: Path) -> None:
    plain, packed, both = tmp_path / "one.json", tmp_path / "one.json.gz", tmp_path / "two.jsonl"
    plain.write_text(json.dumps(OONI, indent=1))
    packed.write_bytes(gzip.compress(json.dumps(OONI).encode()))
    both.write_text(f"{json.dumps(OONI)}\n{json.dumps({'scenario': 'x', 'measurement': OONI})}\n")
    rows = [
        json.loads(line) for line in (await dabyl("inspect", "ooni", str(plain), str(packed), str(both))).splitlines()
    ]
    assert [Path(row["file"]).name for row in rows] == ["one.json", "one.json.gz", "two.jsonl", "two.jsonl"]
    assert {(row["verdict"], row["mechanism"], row["confidence"]) for row in rows} == {("blocked", "dns.nxdomain", 0.9)}
    assert list(rows[0])[:4] == ["file", "verdict", "mechanism", "confidence"]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"test_name":"tor","test_keys":{}}', b"\x1f\x8b broken", b"\xff\xfe", b"[" * 200_000]
)
async def test_a_file_that_is_no_measurement_says_so_and_hurts_no_other(tmp_path: Path, data: bytes) -> None:
    bad, good = tmp_path / "bad", tmp_path / "good.json"
    bad.write_bytes(data)
    good.write_text(json.dumps(OONI))
    rows = [json.loads(line) for line in (await dabyl("inspect", "ooni", str(bad), str(good), code=1)).splitlines()]
    assert [("error" in row) for row in rows] == [True, False]


async def test_a_probe_prints_its_steps_and_its_verdict(servers: Farm) -> None:
    url = f"https://{SITE}:{await servers.port('tls_state')}/"
    words = (
        "inspect",
        "probe",
        url,
        "--address",
        HOST,
        "--ca",
        servers.roots,
        "--no-others",
        "--attempts",
        "1",
        "--json",
    )
    *steps, verdict = [json.loads(line) for line in (await dabyl(*words)).splitlines()]
    assert [step["layer"] for step in steps] == ["tcp", "tls"]
    assert steps[1]["failure"] == "ssl_unknown_authority"
    assert (verdict["verdict"], verdict["mechanism"], verdict["certain"]) == ("blocked", "tls.mitm", True)
    trace = await dabyl(*words[:-1], "--trace")
    assert "ssl_unknown_authority" in trace
    assert "verdict: blocked tls.mitm (certain)" in trace


async def test_a_saved_measurement_from_outside_is_the_control(servers: Farm, tmp_path: Path) -> None:
    saved, name = tmp_path / "outside.jsonl", await servers.names("ok")
    port = await servers.port("ok")
    words = (
        "inspect", "probe", f"http://{SITE}:{port}/", "--resolver", f"{name[0]}:{name[1]}", "--no-others", "--timeout", "1", "--json",
    )  # fmt: skip
    await dabyl(*words, "--save", str(saved))
    again = json.loads((await dabyl(*words, "--control", str(saved))).splitlines()[-1])
    assert again["verdict"] in {"ok", "down"}
    broken = tmp_path / "broken.jsonl"
    broken.write_text("{}\n")
    assert "line 1 is not a measurement" in await dabyl(*words, "--control", str(broken), code=1)


async def test_a_probe_of_our_own_network_needs_leave() -> None:
    assert "DABYL_ALLOW_PRIVATE" in await dabyl("inspect", "probe", "http://127.0.0.1:9/", allowed=False, code=1)
    assert "names a host" in await dabyl("inspect", "probe", "ftp://x/", code=2)


async def test_a_list_of_the_citizen_lab_becomes_targets(tmp_path: Path) -> None:
    source, own = tmp_path / "kz.csv", tmp_path / "own"
    source.write_text(
        "url,category_code,category_description,date_added,source,notes\n"
        "https://azattyq.example/,NEWS,News Media,2024-01-01,x,\n"
        'http://пример.рф/,HUMR,Human Rights,2024-01-01,x,"a, b"\n'
        "https://azattyq.example/,NEWS,News Media,2024-01-01,x,again\n"
        "https://vpn.example/,ANON,Tools,2024-01-01,x,\n"
        "nonsense,NEWS,,,,\n"
        "https://x.example/,WHAT,,,,\n"
    )
    printed = await dabyl("targets", "import", str(source), code=1)
    assert printed.count("- {") == 3
    assert '"risk": "sensitive"' in printed
    await dabyl("init", str(own))
    await dabyl("targets", "import", str(source), "--category", "HUMR", "--into", str(own))
    await dabyl("targets", "import", str(source), "--category", "HUMR", "--into", str(own))
    assert (own / "targets.yaml").read_text().count("пример.рф") == 2  # name and address, once
    assert "right:" in await dabyl("--config", str(own), "check")
    assert "list-xn--e1afmkfd.xn--p1ai" in await dabyl("--config", str(own), "targets", "list", COLUMNS="300")


VANTAGE = "vantage: {id: almaty-1, access: fixed, region: KZ-75, sensitive: true}\n"


async def test_only_what_a_consent_permits_is_listed_and_one_command_gives_it(tmp_path: Path) -> None:
    (tmp_path / "probing.yaml").write_text(VANTAGE)
    here = {"DABYL_DATA": str(tmp_path / "data"), "DABYL_CONFIG": str(tmp_path), "COLUMNS": "300"}
    listing = ("targets", "list", "--by", "probes")
    assert "Say: dabyl targets consent" in await dabyl(*listing, code=1, **here)
    agree = ("targets", "consent", "--language", "en", "--read-back")
    await dabyl(*agree, "yes", code=1, **here)
    assert not (tmp_path / "data").exists()
    said = await dabyl(*agree, READ_BACK["en"], **here)
    assert all(risk in said for risk in RISKS["en"])
    listed = await dabyl(*listing, **here)
    assert "harmless" in listed
    assert "sensitive" not in listed
    said = await dabyl(*agree, READ_BACK["en"], "--sensitive", "azattyq", **here)
    assert "will contact: azattyq" in said
    listed = await dabyl(*listing, **here)
    assert {line.strip("│ ").split()[0] for line in listed.splitlines() if " sensitive " in line} == {"azattyq"}
    assert "knows no service" in await dabyl(*agree, READ_BACK["en"], "--sensitive", "nothing", code=1, **here)
    (tmp_path / "probing.yaml").write_text(VANTAGE.replace("almaty-1", "almaty-2"))
    assert "not this agent's" in await dabyl(*listing, code=1, **here)


async def test_outside_no_consent_is_needed_and_without_a_vantage_there_is_none_to_give(tmp_path: Path) -> None:
    here = {"DABYL_DATA": str(tmp_path / "data"), "DABYL_CONFIG": str(tmp_path)}
    (tmp_path / "probing.yaml").write_text("vantage: {id: outside-1}\n")
    assert "needs no consent" in await dabyl("targets", "consent", code=1, **here)
    assert "harmless" in await dabyl("targets", "list", "--by", "probes", **here)
    (tmp_path / "probing.yaml").write_text("hosts: []\n")
    assert "describes no vantage" in await dabyl("targets", "consent", code=1, **here)


async def test_wrong_targets_are_named_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "targets.yaml").write_text(
        "services:\n"
        '  - {id: a, name: A, targets: [{id: t1, url: "https://x.example/", sibling: t9}]}\n'
        '  - {id: b, name: B, targets: [{id: t1, url: "gopher://x.example/"}]}\n'
        '  - {id: c, name: C, targets: [{id: t1, url: "tcp://x.example"}]}\n'
        '  - {id: d, name: D, targets: [{id: t1, url: "https://x.example/"}]}\n'
    )
    said = await dabyl("--config", str(tmp_path), "check", code=2)
    for line, words in (
        (2, "unknown target 't9'"),
        (3, "begins with one of"),
        (4, "needs a port"),
        (5, "stands twice"),
    ):
        assert any(f"targets.yaml:{line}:" in one and words in one for one in said.splitlines()), (line, said)
