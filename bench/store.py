"""The embedded series beside bare SQLite and bare DuckDB, in turn in one run, on the same rows.

python -m bench.store                 ingest in durable batches of 1,000 and 10,000
python -m bench.store --days 30       and the questions, over that many days of 1.44 million rows a day
"""

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from bench.figures import say
from bench.tsdb_front import REGIONS, SERIES, VANTAGES, Product

T0 = 1_767_225_600
DAY = 86_400


def rows_of(minute: int, minutes: int) -> list[tuple[int, int, int, float]]:
    chance = random.Random(minute)
    return [
        (T0 + (minute + m) * 60, series, int(chance.random() < 0.985), round(20 + 80 * chance.random(), 1))
        for m in range(minutes)
        for series in range(SERIES)
    ]


class Bare:
    """SQLite with one row a sample, a commit and a sync a batch."""

    def __init__(self, directory: Path) -> None:
        self.base = sqlite3.connect(directory / "bare.sqlite3", isolation_level=None)
        self.base.executescript(
            "pragma page_size=8192; pragma journal_mode=wal; pragma synchronous=FULL; pragma cache_size=-200000;"
            "create table m(ts integer, s integer, ok integer, rtt real, primary key(ts, s)) without rowid"
        )

    def ingest(self, rows: list[tuple[int, int, int, float]]) -> None:
        self.base.execute("begin")
        self.base.executemany("insert or replace into m values(?,?,?,?)", rows)
        self.base.execute("commit")


def ingest(batch: int, count: int = 30, rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory() as place:
        ours = Product()
        ours.start(Path(place))
        cases: dict[str, Callable[[Any], None]] = {"sqlite_full": Bare(Path(place)).ingest, "dabyl": ours.ingest}
        taken: dict[str, list[float]] = {name: [] for name in cases}
        minute = 0
        for turn in range(rounds + 1):
            for name, case in cases.items():
                work = [rows_of(minute + n * (batch // SERIES), batch // SERIES) for n in range(count)]
                minute += count * (batch // SERIES)
                began = time.perf_counter()
                for rows in work:
                    case(rows)
                if turn:
                    taken[name].append(batch * count / (time.perf_counter() - began))
        ours.stop()
    rates = {name: statistics.median(values) for name, values in taken.items()}
    say("series.ingest", batch=batch, ratio_to_sqlite_full=round(rates["dabyl"] / rates["sqlite_full"], 2),
        **{f"{name}_rows_per_second": round(rate) for name, rate in rates.items()})  # fmt: skip


class BareDuck:
    """DuckDB with all rows in one table."""

    def __init__(self, directory: Path) -> None:
        self.base = duckdb.connect(str(directory / "bare.duckdb"), config={"threads": 2})
        self.base.execute("create table m(ts bigint, s smallint, ok tinyint, rtt float)")
        regions = {"s": np.arange(SERIES), "region": np.arange(SERIES) // VANTAGES % REGIONS}
        self.base.register("given", regions)
        self.base.execute("create table series as select * from given")

    def load(self, columns: dict[str, Any]) -> None:
        self.base.register("batch", columns)
        self.base.execute("insert into m select * from batch")

    def by_region(self, since: int, until: int, step: int) -> int:
        return len(self.base.execute(
            f"select region, ts//{step}, avg(ok) from m join series using(s) where ts>={since} and ts<{until} group by 1,2"
        ).fetchall())  # fmt: skip


def questions(days: int, rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory() as place:
        bare, ours = BareDuck(Path(place)), Product()
        ours.start(Path(place))
        for half in range(days * 2):
            minutes = np.arange(half * 720, (half + 1) * 720, dtype=np.int64)
            chance = np.random.default_rng(half)
            size = len(minutes) * SERIES
            columns = {
                "ts": np.repeat(minutes * 60 + T0, SERIES), "s": np.tile(np.arange(SERIES), len(minutes)),
                "ok": (chance.random(size) < 0.985).astype(np.int8), "rtt": np.round(20 + 80 * chance.random(size), 1),
            }  # fmt: skip
            bare.load(columns)
            ours.load(*columns.values())
        ours.finish()
        until = T0 + days * DAY
        jobs: dict[str, tuple[Callable[[], int], Callable[[], int]]] = {
            "by_region_5_minutes": (lambda: bare.by_region(T0, until, 300), lambda: ours.by_region(T0, until, 300)),
            "one_region_one_day": (
                lambda: bare.by_region(until - DAY, until, 300),
                lambda: ours.one_region(7, until - DAY, until, 300),
            ),
        }
        for job, (theirs, own) in jobs.items():
            taken: tuple[list[float], list[float]] = ([], [])
            for turn in range(rounds + 1):
                for place_of, case in enumerate((theirs, own)):
                    began = time.perf_counter()
                    assert case()
                    if turn:
                        taken[place_of].append((time.perf_counter() - began) * 1000)
            duck, dabyl = (statistics.median(values) for values in taken)
            say(
                f"series.{job}",
                days=days,
                ratio_to_duckdb=round(dabyl / duck, 2),
                duckdb_ms=round(duck, 1),
                dabyl_ms=round(dabyl, 1),
            )
        say("series.size", days=days, bytes_per_row=round(ours.size() / (days * 1440 * SERIES), 2))
        ours.stop()


def main(days: int = 0) -> None:
    ingest(1000)
    ingest(10_000, count=8)
    if days:
        questions(days)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=0)
    main(parser.parse_args().days)
