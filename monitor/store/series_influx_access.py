"""Which InfluxDB, and which of its buckets hold which class of data.

Buckets differ by how long they keep: what was measured is much and is kept as sums after a while; what signals told of is
little and is kept long; ready-made sums of five minutes and of an hour are kept longest.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

TOLD: Final = frozenset({"signal", "people"})
"""Measurements that come from reports; all others come from probes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InfluxAccess:
    """Where InfluxDB is and how we may use it.

    Attributes:
        url: `https://host:8086`, without a path of the API (DABYL_INFLUXDB_URL).
        org: name of the organisation there (DABYL_INFLUXDB_ORG).
        token: an API token that may read and write our buckets; to set up it must also make buckets and tasks.
        prefix: what the names of our buckets and tasks begin with.
        authority: file of the certificate authority that signed the server's certificate; `None` for the machine's own.
    """

    url: str
    org: str
    token: str = field(repr=False)
    prefix: str = "dabyl"
    authority: Path | None = None

    @property
    def in_the_clear(self) -> bool:
        """Whether the token goes unencrypted to another machine."""
        url = urlsplit(self.url)
        return url.scheme == "http" and url.hostname not in {"localhost", "127.0.0.1", "::1"}

    @property
    def measured(self) -> str:
        """Bucket of what probes measured."""
        return f"{self.prefix}_measurements"

    @property
    def told(self) -> str:
        """Bucket of signals and the numbers that they tell of."""
        return f"{self.prefix}_signals"

    @property
    def fine(self) -> str:
        """Bucket of sums of five minutes."""
        return f"{self.prefix}_5m"

    @property
    def coarse(self) -> str:
        """Bucket of sums of an hour."""
        return f"{self.prefix}_1h"

    @property
    def raw(self) -> tuple[str, str]:
        """The buckets that we write."""
        return self.measured, self.told

    def bucket_of(self, measurement: str) -> str:
        """Where points of that measurement are."""
        return self.told if measurement in TOLD else self.measured


class Kept(NamedTuple):
    """How long the buckets keep; `None` for ever."""

    measured: timedelta | None = timedelta(days=180)
    told: timedelta | None = timedelta(days=1825)
    fine: timedelta | None = timedelta(days=400)
    coarse: timedelta | None = None

    def of(self, access: InfluxAccess) -> dict[str, timedelta | None]:
        """By name of the bucket."""
        return {
            access.measured: self.measured,
            access.told: self.told,
            access.fine: self.fine,
            access.coarse: self.coarse,
        }
