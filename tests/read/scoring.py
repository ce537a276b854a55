"""Scores the reader against labelled texts: JSON Lines of `{"id","text","language","published_at"?,"expect":{...}}`.

`expect` holds `kinds`, `regions`, `counts`, `denied` and `past`, and `may`: kinds that a second careful reader could
mark too, neither asked for nor counted as wrong. A text with no kinds must say nothing, or only of the past.
Run by hand: `python -m tests.read.scoring FILE.jsonl... [--errors]`.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.configuration import load_reading
from monitor.domain.moments import parse_rfc3339
from monitor.domain.signals import Reading
from monitor.read.reader import Reader

DATA = Path(__file__).resolve().parent.parent / "data" / "reading"


@dataclass
class Tally:
    """Hits, false alarms and misses of one question."""

    hits: int = 0
    false: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of what was said that is right; 1 where nothing was said."""
        return self.hits / (self.hits + self.false) if self.hits + self.false else 1.0

    @property
    def recall(self) -> float:
        """Share of what is there that was said; 1 where nothing is there."""
        return self.hits / (self.hits + self.missed) if self.hits + self.missed else 1.0

    def add(self, said: bool, true: bool) -> None:
        """Count one answer."""
        self.hits += said and true
        self.false += said and not true
        self.missed += true and not said


@dataclass
class Score:
    """Everything that is asked of one set of texts."""

    any_event: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    families: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    kinds: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    regions: Tally = field(default_factory=Tally)
    counts: Tally = field(default_factory=Tally)
    flags: Tally = field(default_factory=Tally)
    errors: list[str] = field(default_factory=list)


def rows(files: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Every labelled text of these files."""
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield json.loads(line)


def score(reader: Reader, labelled: Iterable[dict[str, Any]]) -> Score:
    """What the reader says of these texts, beside what people say."""
    result = Score()
    for row in labelled:
        published = parse_rfc3339(row["published_at"]) if row.get("published_at") else None
        _compare(result, row, reader.read(row["text"], published))
    return result


def _compare(result: Score, row: dict[str, Any], reading: Reading) -> None:
    expect = row["expect"]
    wanted = set(expect["kinds"])
    findings = [finding for finding in reading.findings if wanted or not finding.past]
    allowed = set(expect.get("may", ())) - wanted
    said = {finding.kind.value for finding in findings} - (allowed if wanted else set())
    if wanted and not said and reading.findings:
        said = {finding.kind.value for finding in reading.findings}
    result.any_event[row["language"]].add(bool(said), bool(wanted))
    for kind in wanted | said:
        result.kinds[kind].add(kind in said, kind in wanted)
    for family in {kind.partition(".")[0] for kind in wanted | said}:
        result.families[family].add(_has(said, family), _has(wanted, family))
    if bool(said) != bool(wanted):
        result.errors.append(_error(row, reading, "FALSE" if said else "MISSED"))
        return
    if wanted:
        _compare_details(result, row, reading)


def _has(kinds: set[str], family: str) -> bool:
    return any(kind.partition(".")[0] == family for kind in kinds)


def _compare_details(result: Score, row: dict[str, Any], reading: Reading) -> None:
    expect = row["expect"]
    regions = {region for finding in reading.findings for region in finding.regions}
    right = regions == set(expect["regions"])
    result.regions.add(right, True)
    if not right:
        result.errors.append(_error(row, reading, f"REGION {sorted(regions)} for {expect['regions']}"))
    said = {role: list(interval) for finding in reading.findings for role, interval in finding.counts.items()}
    for role, interval in expect.get("counts", {}).items():
        result.counts.add(said.get(role) == list(interval), True)
        if said.get(role) != list(interval):
            result.errors.append(_error(row, reading, f"COUNT {role} {said} for {interval}"))
    flags = (any(finding.denied for finding in reading.findings), any(finding.past for finding in reading.findings))
    result.flags.add(flags == (expect.get("denied", False), expect.get("past", False)), True)
    if flags != (expect.get("denied", False), expect.get("past", False)):
        result.errors.append(_error(row, reading, f"FLAGS denied, past = {flags}"))
    kinds = {finding.kind.value for finding in reading.findings}
    if not set(expect["kinds"]) <= kinds:
        result.errors.append(_error(row, reading, f"KINDS {sorted(kinds)} for {expect['kinds']}"))


def _error(row: dict[str, Any], reading: Reading, what: str) -> str:
    because = "; ".join(
        f"{finding.kind.value}{list(finding.regions)}: "
        + ", ".join(f"{hit.rule}«{hit.words}»" for hit in finding.because)
        for finding in reading.findings
    )
    text = row["text"][:300].replace("\n", " / ")
    return f"{what} | {row['id']} | {row['expect']['kinds']} | {text} | {because}"


def _line(name: str, tally: Tally) -> str:
    numbers = f"hits {tally.hits:4} false {tally.false:3} missed {tally.missed:3}"
    return f"{name:28} precision {tally.precision:.3f} recall {tally.recall:.3f}   {numbers}"


def main(arguments: list[str]) -> None:
    """Print the figures of the files named."""
    files = [Path(name) for name in arguments if not name.startswith("--")]
    result = score(load_reading(None).reader(), rows(files))
    for title, tallies in (("any event", result.any_event), ("family", result.families), ("kind", result.kinds)):
        if title == "kind" and "--kinds" not in arguments:
            continue
        for name in sorted(tallies):
            sys.stdout.write(_line(f"{title} {name}", tallies[name]) + "\n")
    for name, tally in (("regions", result.regions), ("counts", result.counts), ("flags", result.flags)):
        sys.stdout.write(_line(name, tally) + "\n")
    if "--errors" in arguments:
        sys.stdout.write("\n".join(result.errors) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
