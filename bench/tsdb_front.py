"""Our embedded series store behind the methods that a store benchmark calls: rows of (seconds, series, ok, ms)."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.domain.series import SeriesQuery, series_key
from monitor.runtime.clock import SystemClock
from monitor.store.series_embedded import EmbeddedSeries, open_series

VANTAGES, REGIONS, SERIES = 5, 20, 1000
KEYS = [
    series_key("probe", target=f"t{n // VANTAGES:03d}", vantage=f"v{n % VANTAGES}", region=f"r{(n // VANTAGES) % REGIONS:02d}")
    for n in range(SERIES)
]  # fmt: skip
EVERYTHING = 10_000_000


class Product:
    """One store in one directory; each call returns when its work is done."""

    server = None
    name = "dabyl"

    def start(self, directory: Path) -> None:
        self.directory = directory
        self.loop = asyncio.new_event_loop()
        self.store: EmbeddedSeries = self.loop.run_until_complete(open_series(directory, SystemClock()))

    def ingest(self, rows: list[tuple[int, int, int, float]]) -> None:
        batch: list[Any] = [(KEYS[series], seconds * 1_000_000_000, ok, ms, None) for seconds, series, ok, ms in rows]
        self.loop.run_until_complete(self.store.write(batch))

    def load(self, ts: Any, s: Any, ok: Any, rtt: Any) -> None:
        rows = list(zip(ts.tolist(), s.tolist(), ok.tolist(), rtt.tolist(), strict=True))
        for start in range(0, len(rows), 20_000):
            self.ingest([(t, n, o, round(r, 1)) for t, n, o, r in rows[start : start + 20_000]])
        self.last = int(ts[-1])
        # As in life: what is over is put away, what is live stays.
        self.loop.run_until_complete(self.store.keep(self._now(), timedelta(days=4000)))

    def finish(self) -> None:
        self.loop.run_until_complete(self.store.keep(self._now() + timedelta(days=4), timedelta(days=4000)))

    def size(self) -> int:
        return sum(file.stat().st_size for file in self.directory.rglob("*.parquet"))

    def by_region(self, t0: int, t1: int, step: int) -> int:
        return len(self._steps(t0, t1, step))

    def one_region(self, region: int, t0: int, t1: int, step: int) -> int:
        return len(self._steps(t0, t1, step, region=(f"r{region:02d}",)))

    def load_hours(self, hour: Any, s: Any, n: Any, okn: Any, rtt: Any) -> None:
        rows = zip(hour.tolist(), s.tolist(), n.tolist(), okn.tolist(), rtt.tolist(), strict=True)
        base = 1_767_225_600
        batch: list[Any] = [
            (KEYS[series].replace("probe", "hour", 1), (base + h * 3600) * 1_000_000_000, good / count, float(ms), None)
            for h, series, count, good, ms in rows
        ]
        for start in range(0, len(batch), 20_000):
            self.loop.run_until_complete(self.store.write(batch[start : start + 20_000]))

    def year(self) -> int:
        begun = datetime(2026, 1, 1, tzinfo=UTC)
        query = SeriesQuery(measurement="hour", since=begun, until=begun + timedelta(days=366), limit=EVERYTHING)
        return len(self.loop.run_until_complete(self.store.steps(query, timedelta(days=1))))

    def stop(self) -> None:
        self.loop.run_until_complete(self.store.close())
        self.loop.close()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.last, UTC)

    def _steps(self, t0: int, t1: int, step: int, **tags: tuple[str, ...]) -> Any:
        query = SeriesQuery(
            measurement="probe", since=datetime.fromtimestamp(t0, UTC), until=datetime.fromtimestamp(t1, UTC),
            tags=tags, limit=EVERYTHING,
        )  # fmt: skip
        return self.loop.run_until_complete(self.store.steps(query, timedelta(seconds=step)))
