"""Raises the floors under the reader to what it reaches now: `python scripts/reading_floors.py` (from the root).

A floor is the measured precision and recall, rounded down to whole hundredths. `--lower` also lowers; say why in the commit.
"""

import json
import math
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "tests" / "data" / "reading" / "floors.json"


def floor(ratio: float | None) -> float:
    return 0.0 if ratio is None else math.floor(100 * ratio) / 100


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from tests.read.test_labelled import PARTS, measured  # noqa: PLC0415

    old = json.loads(FILE.read_text(encoding="utf-8"))
    lines = []
    for part in PARTS:
        rows = []
        for name, tally in sorted(measured(part).items()):
            now = [floor(tally.precision), floor(tally.recall)]
            before = old.get(part, {}).get(name, [0.0, 0.0])
            kept = now if "--lower" in sys.argv else [max(pair) for pair in zip(now, before, strict=True)]
            rows.append(f"    {json.dumps(name)}: {json.dumps(kept)}")
        lines.append(f"  {json.dumps(part)}: {{\n" + ",\n".join(rows) + "\n  }")
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
