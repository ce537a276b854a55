"""What people deploy: the compose file, units, dashboards and rules say only what the program understands."""

import configparser
import importlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from monitor.broker_settings import PARTS
from monitor.cli.root import COMMANDS, root
from monitor.provision.services import CONTAINERS, Provision
from monitor.runtime.metrics import Metrics

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
KEYS = {
    "restart", "read_only", "cap_drop", "cap_add", "security_opt", "tmpfs", "pids_limit", "logging", "build", "image",
    "profiles", "user", "mem_limit", "cpus", "stop_grace_period", "depends_on", "healthcheck", "command", "environment",
    "secrets", "volumes", "ports", "shm_size",
}  # fmt: skip
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def understood(words: list[str]) -> None:
    """Fail unless the command line takes these words."""
    if words[0] == "influx" and "influx" not in COMMANDS:
        pytest.skip("the command influx is not joined here")
    command: click.Command | None = root
    context: click.Context | None = None
    rest = words
    while isinstance(command, click.Group):
        context = click.Context(command, parent=context, info_name=rest[0])
        command, rest = command.get_command(context, rest[0]), rest[1:]
        assert command is not None, words
    assert command is not None
    command.make_context(words[-1], list(rest), parent=context)


def profile(name: str) -> set[str]:
    return {service for service, said in SERVICES.items() if name in said.get("profiles", [])}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert set(service) <= KEYS
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["healthcheck"]
    assert "user" in service or service["profiles"] == ["agents"]
    image = service["image"]
    assert name in OURS or re.search(r":\d+\.\d+", image), f"{image} is not pinned"
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:") or name == "mosquitto"


@pytest.mark.parametrize("name", OURS)
def test_every_service_starts_with_words_that_the_command_line_takes(name: str) -> None:
    understood(SERVICES[name]["command"])


def test_the_profiles_hold_what_they_promise() -> None:
    assert profile("single") == {"dabyl"}
    assert {"influxdb", "broker", "postgres", "agent"} <= profile("full")
    started = [SERVICES[name]["command"] for name in profile("full") & set(OURS)]
    assert {words[2] for words in started if words[:2] == ["run", "--part"]} == set(PARTS)
    assert "COMPOSE_PROFILES=single" in (ROOT / ".env").read_text()


def test_what_services_depend_on_is_started_with_them() -> None:
    for name, service in SERVICES.items():
        for other in service.get("depends_on", {}):
            assert set(service["profiles"]) <= set(SERVICES[other]["profiles"]), name


def test_secrets_are_files_that_set_up_makes_and_stand_nowhere_else(tmp_path: Path) -> None:
    list(Provision(tmp_path, CONTAINERS, datetime(2026, 1, 5, tzinfo=UTC)).make())
    for name, said in COMPOSE["secrets"].items():
        assert (tmp_path / Path(said["file"]).relative_to("deploy/local")).is_file(), name
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            path = Path(str(value))
            if path.is_relative_to("/run/secrets"):
                assert path.name in service["secrets"], f"{name}: {key}"
            assert not re.search(r"(PASSWORD|TOKEN|SECRET)$", key), f"{name}: {key}"
        for volume in service.get("volumes", []):
            if volume.startswith("./deploy/local/"):
                made = tmp_path / Path(volume.split(":")[0]).relative_to("deploy/local")
                assert made.is_dir(), volume


def test_docker_itself_understands_the_file() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not here")
    for name in ("single", "full", "agents"):
        command = [docker, "compose", "--profile", name, "config", "--quiet"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=50)
        assert done.returncode == 0, done.stderr


def test_the_image_runs_as_nobody_special_and_holds_what_several_processes_need() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^USER (?!root)", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
    assert "requirements-postgresql.txt" in text
    assert all(":" in line.split()[1] for line in text.splitlines() if line.startswith("FROM"))


def parsed(unit: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text())
    return parser


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_every_unit_is_confined_and_starts_what_the_command_line_takes(unit: Path) -> None:
    service = parsed(unit)["Service"]
    program, *words = service["ExecStart"].replace("%i", "1").split()
    assert program == "/opt/dabyl/bin/dabyl"
    if words[0] == "backup":
        words += ["--recipient", "age1"]
    understood(words)
    for key, value in {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "CapabilityBoundingSet": ""}.items():
        assert service[key] == value
    assert service["User"] == "dabyl"


def test_systemd_itself_finds_no_fault() -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not here")
    done = subprocess.run([verify, "verify", "--man=no", *map(str, UNITS)], capture_output=True, text=True, check=False)
    assert "Unknown" not in done.stderr, done.stderr


def metric_names() -> set[str]:
    text = Metrics().text().decode()
    return {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")} | set(
        re.findall(r"^(dabyl_\w+)", text, re.MULTILINE)
    )


def expressions() -> Iterator[str]:
    for group in yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in {"low", "medium", "high", "critical"}
            assert rule["annotations"]["summary"]
            yield rule["expr"]
    dashboard = json.loads((DEPLOY / "grafana" / "dabyl.json").read_text())
    for panel in dashboard["panels"]:
        assert panel["title"]
        for target in panel["targets"]:
            yield target["expr"]


def test_dashboards_and_rules_ask_for_metrics_that_there_are() -> None:
    counters = {
        "dabyl_reports_total",
        "dabyl_repeats_total",
        "dabyl_set_aside_total",
        "dabyl_signals_total",
        "dabyl_notifications_total",
        "dabyl_store_refusals_total",
    }
    known = metric_names() | counters
    for expression in expressions():
        assert expression.count("(") == expression.count(")")
        for name in re.findall(r"dabyl_\w+", expression):
            assert name in known, name


def test_every_command_has_a_module() -> None:
    for name in COMMANDS:
        module = importlib.import_module(f"monitor.cli.{name.replace('-', '_').replace('import', 'import_')}")
        assert isinstance(module.command, click.Command)
