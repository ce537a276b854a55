"""Makes config/weights.csv: how much each word speaks for an event and for which kind, learned from labelled texts.

Run by hand when there are more labelled texts: `.venv/bin/pip install scikit-learn==1.9.1`, then
`.venv/bin/python scripts/weigh_words.py [--ordinary POSTS.jsonl[.gz]]...`. The service reads only the file. Ordinary posts
about other countries are given twice, the second time with their places moved here (`python -m bench.moved`): else the names
of our towns would speak for events. The halves
`heldout_*` and `news_heldout_*` are never learned from, so that they keep telling the truth about it.
"""

import argparse
import csv
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from monitor.configuration_reading import load_reading, load_written
from monitor.domain.kinds import EventKind
from monitor.read.labels import Label, label_of
from monitor.read.tokens import tokenize
from monitor.read.weighed import BIAS, FLAGS, LENGTH, SPAN_WORDS, stem_of

ROOT = Path(__file__).resolve().parent.parent
LEAST_TEXTS = 3
"""A stem met in fewer texts says nothing."""
LEAST_WEIGHT = 0.03
LEAST_KIND_WEIGHT = 0.25
LEAST_FLAG_WEIGHT = 0.1
FLAG_FREEDOM = 3.0
LONGEST = 130
"""A text of more words may tell its event in any part of it, and is not learned from."""
ORDINARY_SHARE = 0.5
"""How much an ordinary post weighs beside a text that was written to be hard."""


def spans(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """The words of a text in pieces as they are weighed."""
    for start in range(0, max(1, len(words)), SPAN_WORDS):
        yield words[start : start + SPAN_WORDS]


def labelled(folders: Sequence[Path]) -> Iterator[Label]:
    """Texts to learn from."""
    for path in sorted(path for folder in folders for path in folder.glob("*.jsonl")):
        if "heldout" not in path.name:
            yield from map(label_of, path.read_text(encoding="utf-8").splitlines())


def written() -> Iterator[tuple[str, EventKind]]:
    """The examples that entries of the lexicons must be found in."""
    for lexicon in load_written(None).lexicons:
        for entry in lexicon.entries:
            yield from ((example, entry.kind) for example in entry.matches)


def ordinary(path: Path) -> Iterator[str]:
    """Posts in which the phrases find nothing, taken for harmless."""
    reader = load_reading(None).reader
    written = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for line in written.splitlines():
        text = json.loads(line).get("text") or ""
        if text and not reader.read(text).findings:
            yield text


class Example(NamedTuple):
    """Something that is learned from: its stems, what it reports, how much it counts, and its flags."""

    stems: list[str]
    kinds: tuple[EventKind, ...] = ()
    weight: float = 1.0
    flags: tuple[str, ...] = ()


def examples(folders: Sequence[Path], posts: Sequence[Path]) -> Iterator[Example]:
    """Everything that is learned from."""
    for label in labelled(folders):
        words = tokenize(label.text).words
        if label.expect.kinds:
            if len(words) <= LONGEST:
                flags = tuple(flag for flag in FLAGS if getattr(label.expect, flag))
                yield Example([stem_of(word) for word in words], label.expect.kinds, flags=flags)
        elif not label.expect.may:
            for span in spans(words):
                yield Example([stem_of(word) for word in span])
    for text, kind in written():
        yield Example([stem_of(word) for word in tokenize(text).words], (kind,))
    for text in (text for path in posts for text in ordinary(path)):
        for span in spans(tokenize(text).words):
            yield Example([stem_of(word) for word in span], weight=ORDINARY_SHARE)


def matrix(texts: Sequence[Sequence[str]], places: dict[str, int]) -> csr_matrix:
    """One row a text: how often each stem stands in it, by the square root of the text's length."""
    data: list[float] = []
    columns: list[int] = []
    ends = [0]
    for stems in texts:
        counted = Counter(place for stem in stems if (place := places.get(stem)) is not None)
        columns += counted.keys()
        length = max(1, len(stems)) ** 0.5
        data += [LENGTH * number / length for number in counted.values()]
        ends.append(len(columns))
    return csr_matrix((data, columns, ends), shape=(len(texts), len(places)))


def main() -> None:
    """Learns and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--ordinary", type=Path, action="append", default=[], help="posts as JSON Lines with a text, taken for harmless"
    )
    parser.add_argument("--also", type=Path, action="append", default=[], help="a folder of further labelled texts")
    parser.add_argument("--out", type=Path, default=ROOT / "config" / "weights.csv")
    parser.add_argument("--freedom", type=float, default=2.0, help="inverse of how strongly weights are held small")
    asked = parser.parse_args()
    told = list(examples([ROOT / "tests" / "data" / "reading", *asked.also], asked.ordinary))
    met = Counter(stem for example in told for stem in set(example.stems))
    places = {
        stem: place for place, stem in enumerate(sorted(stem for stem, texts in met.items() if texts >= LEAST_TEXTS))
    }
    every = matrix([example.stems for example in told], places)
    event = LogisticRegression(C=asked.freedom, max_iter=1000)
    event.fit(every, [bool(example.kinds) for example in told], sample_weight=[example.weight for example in told])
    events = [example for example in told if example.kinds]
    pairs = [(example.stems, kind) for example in events for kind in example.kinds]
    which = LogisticRegression(C=2, max_iter=1000, class_weight="balanced")
    which.fit(matrix([stems for stems, _ in pairs], places), [kind.value for _, kind in pairs])
    flags = {flag: LogisticRegression(C=FLAG_FREEDOM, max_iter=1000) for flag in FLAGS}
    for flag, model in flags.items():
        model.fit(matrix([example.stems for example in events], places), [flag in example.flags for example in events])
    write(asked.out, places, event, which, flags)
    sys.stdout.write(f"{len(told)} texts and pieces, {len(events)} of them with events; {len(places)} stems\n")


def write(
    path: Path,
    places: dict[str, int],
    event: LogisticRegression,
    which: LogisticRegression,
    flags: dict[str, LogisticRegression],
) -> None:
    """The table, without what weighs nothing."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_NONE)
        rows.writerow(["stem", "weight", "kinds"])
        frequent = [f"{kind}:{weight:.2f}" for kind, weight in zip(which.classes_, which.intercept_, strict=True)]
        frequent += [f"{flag}:{model.intercept_[0]:.2f}" for flag, model in flags.items()]
        rows.writerow([BIAS, f"{event.intercept_[0]:.2f}", " ".join(frequent)])
        for stem, place in places.items():
            weight = event.coef_[0][place]
            own = zip(which.classes_, which.coef_[:, place], strict=True)
            told = [f"{kind}:{part:.2f}" for kind, part in own if abs(part) >= LEAST_KIND_WEIGHT]
            told += [
                f"{flag}:{model.coef_[0][place]:.2f}"
                for flag, model in flags.items()
                if abs(model.coef_[0][place]) >= LEAST_FLAG_WEIGHT
            ]
            if abs(weight) >= LEAST_WEIGHT or told:
                rows.writerow([stem, f"{weight:.2f}", " ".join(told)])


if __name__ == "__main__":
    main()
