"""The files that `docker compose --profile full` and the systemd units need, made once, kept when they are there.

Everything lies in one directory that only its owner may read: the authority, a certificate for each server and part,
passwords, the broker's configuration with rights by part. Passwords and keys are never printed.
"""

import os
import secrets
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from monitor.provision.authority import Pair, is_due, issue, new_authority, read_pair

SERVERS: Final = ("broker", "postgres", "influxdb")
CLIENTS: Final = ("collect", "read", "alert", "web")
DATA: Final = (
    "postgres", "influxdb", "influxdb-config", "collect", "read-1", "read-2", "alert-1", "alert-2", "web", "agent",
)  # fmt: skip

ACL: Final = """\
# Who may read and write what, by part: the name is that of the client certificate.

user collect
topic write dabyl/v1/items/#
topic read dabyl/v1/receipts/#
topic readwrite dabyl/v1/bell/#
topic write dabyl/v1/health/collect/#

user read
topic read dabyl/v1/items/#
topic write dabyl/v1/receipts/#
topic readwrite dabyl/v1/bell/#
topic write dabyl/v1/health/read/#

user alert
topic readwrite dabyl/v1/bell/#
topic read dabyl/v1/health/#
topic write dabyl/v1/health/alert/#

user web
topic readwrite dabyl/v1/bell/#
topic write dabyl/v1/health/web/#
"""

BROKER: Final = """\
# Made by `dabyl setup-services`. Mosquitto 2. Parts of the core, by client certificate.
per_listener_settings true

listener {port} {address}
cafile {secrets}/authority.pem
certfile {secrets}/broker.pem
keyfile {secrets}/broker.key
tls_version tlsv1.2
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file {folder}/acl

connection_messages false
log_type error
log_type warning
log_dest stderr

# Limits in bytes, wide: what a broker drops is sent again, but later. What waits here needs no disk: senders keep it.
max_queued_messages 0
max_queued_bytes 268435456
max_inflight_messages 50
message_size_limit 9437184
max_keepalive 300
allow_zero_length_clientid false
persistence false
set_tcp_nodelay true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things are as the services see them (inside their containers, or on this machine)."""

    secrets: str
    broker_folder: str
    broker_host: str
    broker_address: str
    broker_port: int
    database_host: str


CONTAINERS: Final = Places(
    secrets="/run/secrets", broker_folder="/mosquitto/config", broker_host="broker", broker_address="0.0.0.0",  # noqa: S104
    broker_port=8884, database_host="postgres",
)  # fmt: skip


def native(folder: Path) -> Places:
    """Where things are without containers: broker and database on this machine."""
    return Places(
        secrets=str(folder / "secrets"), broker_folder=str(folder / "broker"), broker_host="localhost",
        broker_address="127.0.0.1", broker_port=8884, database_host="localhost",
    )  # fmt: skip


@dataclass(slots=True)
class Provision:
    """One set-up directory.

    Attributes:
        names: further names under which the servers are reached.
        owner: user and group ids that the services run as; `None` for whoever runs this.
    """

    folder: Path
    places: Places
    now: datetime
    names: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None

    def make(self) -> Iterator[str]:
        """Make what is missing, renew what ends soon; yields a line for each file that was written."""
        self._directory(self.folder)
        self._directory(self._secrets)
        authority, said = self._authority()
        yield from said
        for name in SERVERS:
            yield from self._certificate(authority, name, (name, "localhost", "127.0.0.1", *self.names))
        for name in CLIENTS:
            yield from self._certificate(authority, name, ())
        yield from self._passwords()
        yield from self._broker()
        yield from self._environment()
        self._directory(self.folder / "data")
        for name in DATA:
            self._directory(self.folder / "data" / name)

    @property
    def _secrets(self) -> Path:
        return self.folder / "secrets"

    def _authority(self) -> tuple[Pair, list[str]]:
        certificate, key = self._secrets / "authority.pem", self.folder / "authority.key"
        if certificate.exists() and key.exists():
            return read_pair(certificate, key), []
        made = new_authority(self.now)
        return made, [*self._write(certificate, made.certificate_pem), *self._write(key, made.key_pem)]

    def _certificate(self, authority: Pair, name: str, names: tuple[str, ...]) -> Iterator[str]:
        certificate, key = self._secrets / f"{name}.pem", self._secrets / f"{name}.key"
        if certificate.exists() and key.exists() and not is_due(read_pair(certificate, key).certificate, self.now):
            return
        made = issue(authority, name, names, self.now)
        yield from self._write(certificate, made.certificate_pem)
        yield from self._write(key, made.key_pem)

    def _passwords(self) -> Iterator[str]:
        password = yield from self._once("postgres_password", secrets.token_urlsafe(24))
        host, root = self.places.database_host, f"{self.places.secrets}/authority.pem"
        address = f"postgresql+psycopg://dabyl:{password}@{host}/dabyl?sslmode=verify-full&sslrootcert={root}"
        yield from self._once("state_url", address)
        yield from self._once("influxdb_password", secrets.token_urlsafe(24))
        yield from self._once("influxdb_token", secrets.token_urlsafe(48))

    def _broker(self) -> Iterator[str]:
        place = self.folder / "broker"
        self._directory(place)
        values = {
            "port": self.places.broker_port,
            "address": self.places.broker_address,
            "secrets": self.places.secrets,
        }
        yield from self._write(
            place / "mosquitto.conf", BROKER.format(**values, folder=self.places.broker_folder).encode()
        )
        yield from self._write(place / "acl", ACL.encode())

    def _environment(self) -> Iterator[str]:
        user, group = self.owner or (os.getuid(), os.getgid())
        url = f"mqtts://{self.places.broker_host}:{self.places.broker_port}/dabyl"
        text = (
            f"# Made by `dabyl setup-services`; no secret stands here.\nDABYL_UID={user}\nDABYL_GID={group}\n"
            f"DABYL_BUS_URL={url}\nDABYL_BUS_AUTHORITIES={self.places.secrets}/authority.pem\n"
            f"DABYL_STATE_URL_FILE={self.places.secrets}/state_url\n"
        )
        yield from self._write(self.folder / "services.env", text.encode())

    def _once(self, name: str, value: str) -> Generator[str, None, str]:
        """A secret that stays what it is once it was made; returns it."""
        file = self._secrets / name
        if not file.exists():
            yield from self._write(file, value.encode())
        return file.read_text()

    def _write(self, file: Path, content: bytes) -> Iterator[str]:
        if file.exists() and file.read_bytes() == content:
            return
        part = file.with_name(f"{file.name}.part")
        part.touch(mode=0o600)
        part.write_bytes(content)
        self._give(part)
        part.replace(file)
        yield str(file)

    def _directory(self, place: Path) -> None:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._give(place)

    def _give(self, file: Path) -> None:
        if self.owner is not None:
            os.chown(file, *self.owner)
