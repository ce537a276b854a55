"""What the machine tells us about the broker and about which part this process is."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from monitor.bus.mqtt_connection import Broker
from monitor.bus.topics import Topics
from monitor.settings import SettingsError, secret

PARTS: Final = ("collect", "read", "alert", "web")
PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")


def broker_of(environment: Mapping[str, str] | None = None) -> tuple[Broker, Topics]:
    """The broker that DABYL_BUS_URL (or DABYL_BUS_URL_FILE) names, and the topics under its path.

    `mqtts://[user:password@]host[:port][/prefix]`, or `mqtt://` on this very machine. DABYL_BUS_AUTHORITIES is a PEM file
    of the only authorities that may sign for the broker; DABYL_BUS_CERTIFICATE and DABYL_BUS_KEY are our own.

    Raises:
        SettingsError: it is not set or cannot be used; the message holds no address and no password.
    """
    env = os.environ if environment is None else environment
    address = secret("DABYL_BUS_URL", env)
    if address is None:
        message = "DABYL_BUS_URL is not set: parts meet at an MQTT broker, such as mqtts://broker.example:8883"
        raise SettingsError(message)
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise SettingsError("DABYL_BUS_URL cannot be read") from None
    prefix = parts.path.strip("/") or "dabyl"
    if parts.scheme not in PORTS or not parts.hostname or not _NAME.fullmatch(prefix):
        raise SettingsError("DABYL_BUS_URL must be written as mqtts://host:port/prefix (prefix: a-z, 0-9, - and _)")
    broker = Broker(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        identifier=prefix,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=parts.scheme == "mqtts",
        authorities=_file("DABYL_BUS_AUTHORITIES", env),
        certificate=_file("DABYL_BUS_CERTIFICATE", env),
        key=_file("DABYL_BUS_KEY", env),
        keep_alive_seconds=15,
    )
    return broker, Topics(prefix)


def instance_of(part: str, given: str | None, environment: Mapping[str, str] | None = None) -> str:
    """The name of this process: what was given, DABYL_INSTANCE, or the part's own; two readers need two.

    Raises:
        SettingsError: it cannot be part of a topic.
    """
    env = os.environ if environment is None else environment
    name = given or env.get("DABYL_INSTANCE") or part
    if not _NAME.fullmatch(name):
        raise SettingsError(f"DABYL_INSTANCE must be made of a-z, 0-9, - and _, at most 31 characters, not {name!r}")
    return name


def _file(name: str, env: Mapping[str, str]) -> Path | None:
    return Path(env[name]).expanduser() if env.get(name) else None
