"""What the machine tells us: environment variables and secret files.

Promises that a secret is read from NAME or from the file that NAME_FILE names, and that its value never appears in a
representation, a log line or an error.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from monitor.domain.errors import AccessDeniedError
from monitor.store.series_influx_access import InfluxAccess


class SettingsError(Exception):
    """An environment variable that cannot be used; the message names the variable, never a secret's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where things are and how the service shows itself.

    Attributes:
        data: directory of the stores (DABYL_DATA).
        config: directory of the user's own configuration, `None` for the defaults that came along (DABYL_CONFIG).
        state_url: SQLAlchemy address of the state store; `None` means SQLite in `data` (DABYL_STATE_URL).
        host, port: where the status page listens (DABYL_HOST, DABYL_PORT); port 0 takes any free one.
        public: bind an address beyond loopback (DABYL_PUBLIC=yes).
        log_level: DEBUG, INFO, WARNING or ERROR (DABYL_LOG_LEVEL).
        log_format: `text` for people or `json` for machines (DABYL_LOG_FORMAT).
        proxy: SOCKS or HTTP proxy for all collectors that name none (DABYL_PROXY); fails closed.
        allow_private: private or loopback networks that collectors may fetch from (DABYL_ALLOW_PRIVATE,
            comma-separated); empty for none.
        influx: the InfluxDB that keeps the series; `None` means files in `data` (DABYL_INFLUXDB_URL, _ORG, _TOKEN, _PREFIX,
            _CA).
    """

    data: Path
    config: Path | None = None
    state_url: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8765
    public: bool = False
    log_level: str = "INFO"
    log_format: str = "text"
    proxy: str | None = field(default=None, repr=False)
    allow_private: tuple[str, ...] = ()
    influx: InfluxAccess | None = None

    @property
    def state_address(self) -> str | Path:
        """What the state store opens."""
        return self.state_url or self.data / "state.sqlite3"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment.

    Raises:
        SettingsError: a variable has a value that cannot be used.
    """
    env = os.environ if environment is None else environment
    config = env.get("DABYL_CONFIG")
    return Settings(
        data=Path(env.get("DABYL_DATA") or default_data(env)).expanduser(),
        config=Path(config).expanduser() if config else None,
        state_url=secret("DABYL_STATE_URL", env),
        host=env.get("DABYL_HOST", "127.0.0.1"),
        port=_port(env.get("DABYL_PORT", "8765")),
        public=env.get("DABYL_PUBLIC", "").lower() in {"1", "yes", "true"},
        log_level=_one_of("DABYL_LOG_LEVEL", env.get("DABYL_LOG_LEVEL", "INFO").upper(), _LEVELS),
        log_format=_one_of("DABYL_LOG_FORMAT", env.get("DABYL_LOG_FORMAT", "text").lower(), ("text", "json")),
        proxy=secret("DABYL_PROXY", env),
        allow_private=tuple(part.strip() for part in env.get("DABYL_ALLOW_PRIVATE", "").split(",") if part.strip()),
        influx=_influx(env),
    )


_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def default_data(environment: Mapping[str, str]) -> Path:
    """Where data lies if nobody says: the XDG data directory of the user."""
    base = environment.get("XDG_DATA_HOME") or Path(environment.get("HOME", "~")) / ".local" / "share"
    return Path(base) / "dabyl"


def secret(name: str, environment: Mapping[str, str] | None = None) -> str | None:
    """The secret called NAME: its value, or the content of the file that NAME_FILE names; `None` if neither is set.

    Raises:
        SettingsError: NAME_FILE names a file that cannot be read.
    """
    env = os.environ if environment is None else environment
    if env.get(name):
        return env[name]
    place = env.get(f"{name}_FILE")
    if not place:
        return None
    try:
        return Path(place).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"{name}_FILE names a file that cannot be read: {type(error).__name__}"
        raise SettingsError(message) from None


def needed_secret(name: str) -> str:
    """The secret called NAME.

    Raises:
        AccessDeniedError: neither NAME nor NAME_FILE is set.
    """
    value = secret(name)
    if value is None:
        message = f"the secret {name} is not set: give {name} or {name}_FILE"
        raise AccessDeniedError(message)
    return value


def _influx(env: Mapping[str, str]) -> InfluxAccess | None:
    needed = {
        "DABYL_INFLUXDB_URL": env.get("DABYL_INFLUXDB_URL"),
        "DABYL_INFLUXDB_ORG": env.get("DABYL_INFLUXDB_ORG"),
        "DABYL_INFLUXDB_TOKEN": secret("DABYL_INFLUXDB_TOKEN", env),
    }
    if not any(needed.values()):
        return None
    if missing := [name for name, value in needed.items() if not value]:
        message = f"InfluxDB needs {' and '.join(missing)} too (the token also as DABYL_INFLUXDB_TOKEN_FILE)"
        raise SettingsError(message)
    url, org, token = (str(value) for value in needed.values())
    prefix, authority = env.get("DABYL_INFLUXDB_PREFIX", "dabyl"), env.get("DABYL_INFLUXDB_CA")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,40}", prefix):
        message = "DABYL_INFLUXDB_PREFIX must be letters, digits and hyphens, beginning with a letter"
        raise SettingsError(message)
    return InfluxAccess(
        url=_base_url(url), org=org, token=token, prefix=prefix, authority=Path(authority) if authority else None
    )


def _base_url(text: str) -> str:
    url = urlsplit(text)
    if url.scheme in {"http", "https"} and url.hostname and not url.username and not url.query:
        return text.rstrip("/")
    # What stands there may hold a password: it is not repeated.
    message = "DABYL_INFLUXDB_URL must be like https://influxdb.example:8086, without a name or password in it"
    raise SettingsError(message)


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < 65536:
        return int(text)
    message = f"DABYL_PORT must be a number from 0 to 65535, not {text!r}"
    raise SettingsError(message)


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if value in known:
        return value
    message = f"{name} must be one of {', '.join(known)}, not {value!r}"
    raise SettingsError(message)
