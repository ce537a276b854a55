"""One row of a parcel: a measurement, untouched, and what was known of the clock that dated it. PURE."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError

from monitor.domain.measurements import Measurement, measurement_from_json, measurement_json

TRUSTED_SECONDS: Final = 2.0
"""A clock that is wrong by less is right."""
KEY: Final = b'"measurement":'


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A measurement on its way.

    Attributes:
        run: life of the agent's process in which it was made.
        offset_seconds: the core's clock less the agent's, when it was made; `None` while not known.
    """

    measurement: Measurement
    run: str
    offset_seconds: float | None = None

    def dated(self, run: str, offset_seconds: float | None) -> tuple[Measurement, bool]:
        """The measurement with its time mended, and whether that time can be trusted.

        Args:
            run: life of the process that sends it.
            offset_seconds: what is known now; it tells of rows made in the same life before anything was known.
        """
        known = self.offset_seconds
        if known is None and self.run == run:
            known = offset_seconds
        if known is None or abs(known) <= TRUSTED_SECONDS:
            return self.measurement, known is not None
        moved = self.measurement.started_at + timedelta(seconds=known)
        # The id stays: it names the measurement, and a second copy must be known as one.
        return replace(self.measurement, started_at=moved), True


def pack_row(row: Row) -> bytes:
    """As one line of JSON."""
    about = json.dumps({"run": row.run, "offset_seconds": row.offset_seconds}, separators=(",", ":")).encode()
    return about[:-1] + b"," + KEY + measurement_json(row.measurement) + b"}"


def unpack_row(line: bytes) -> Row:
    """The row again.

    Raises:
        ValueError: it is none; says what is wrong without repeating it.
    """
    about, key, body = line.partition(b"," + KEY)
    if not key or not body.endswith(b"}"):
        raise ValueError("no row")
    try:
        values: Mapping[str, Any] = json.loads(about + b"}")
        measurement = measurement_from_json(body[:-1])
        offset = values.get("offset_seconds")
        row = Row(
            measurement=measurement, run=str(values.get("run"))[:40],
            offset_seconds=None if offset is None else float(offset),
        )  # fmt: skip
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(str(part) for part in fault['loc'])}: {fault['type']}") from None
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise ValueError("no row") from None
    if measurement.started_at.tzinfo is None or not abs(row.offset_seconds or 0.0) < 1e9:
        raise ValueError("a time without its zone, or a clock that cannot be")
    return row
