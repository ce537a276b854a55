"""`dabyl evaluate`: how well the reader reads labelled texts, and where it errs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from monitor.cli.incident import FEEDBACK
from monitor.cli.output import printable
from monitor.configuration_reading import load_reading
from monitor.domain.signals import Finding
from monitor.read.labels import Label, LabelError, labels_of
from monitor.read.reader import Reader
from monitor.read.scoring import Mistake, Scores, Share, Tally, rounded, row, score, table
from monitor.settings import read_settings

MAX_BAD_LINES_TOLD = 20
_ROW = "{:<28}{:>6}{:>6}{:>7}{:>11}{:>9}{:>9}"
_EXAMPLES = """\b
Examples:
  dabyl evaluate labels_ru.jsonl labels_kk.jsonl
  dabyl evaluate --errors labels_ru.jsonl | less
  dabyl evaluate --json labels_ru.jsonl
  dabyl evaluate                             what people on duty judged

A line: {"id": "1", "language": "ru", "text": "…", "expect": {"kinds": ["police.detention"],
"regions": ["KZ-75"], "counts": {"detained": [15, 15]}, "denied": false, "past": false}}"""


@click.command(epilog=_EXAMPLES)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--errors", is_flag=True, help="List every error with the words that fired.")
@click.option("--json", "as_json", is_flag=True, help="All figures (and errors) as one JSON object.")
@click.option("--strict", is_flag=True, help="Count findings marked past on harmless texts as false alarms.")
def command(files: tuple[Path, ...], *, errors: bool, as_json: bool, strict: bool) -> None:
    """Score the reader against labelled texts: precision, recall and F, regions, numbers and flags.

    Reads FILES of JSON Lines; without any, the feedback that `dabyl incident` wrote. A bad line is told and left out, and
    the exit code is then 1.
    """
    settings = read_settings()
    bad: list[str] = []
    labels = [label for file in files or (settings.data / FEEDBACK,) for label in _labels(file, bad)]
    if not labels and not bad:
        raise click.ClickException("there is no label in what was given")
    reader = load_reading(settings.config).reader
    scores = score(labels, lambda label: _read(reader, label), strict=strict)
    if as_json:
        click.echo(json.dumps(record(scores), ensure_ascii=False))
    else:
        _print(scores, errors=errors)
    for line in bad[:MAX_BAD_LINES_TOLD]:
        click.echo(line, err=True)
    if bad:
        click.echo(f"dabyl: {len(bad)} bad line(s) were left out", err=True)
        raise click.exceptions.Exit(1)


def _read(reader: Reader, label: Label) -> tuple[Finding, ...]:
    return reader.read(label.text, label.published_at, label.home_region).findings


def _labels(file: Path, bad: list[str]) -> Iterator[Label]:
    """The labels of a file; what is wrong with its other lines goes to `bad`."""
    try:
        with click.open_file(str(file), encoding="utf-8") as stream:
            for number, found in labels_of(stream):
                if isinstance(found, LabelError):
                    bad.append(f"{file}:{number}: {printable(str(found))}")
                else:
                    yield found
    except UnicodeDecodeError as error:
        bad.append(f"{file}: not UTF-8: {error.reason}")
    except OSError as error:
        hint = "; no incident was judged yet (dabyl incident ID --false)" if file.name == FEEDBACK else ""
        raise click.ClickException(f"{file}: cannot be read: {error.strerror}{hint}") from None


def record(scores: Scores) -> dict[str, Any]:
    """All figures in the fixed form that people script against."""
    return {
        "texts": scores.texts, "ordinary": scores.ordinary, "any_event": row(scores.any_event),
        "false_alarms_per_1000": _per_thousand(scores),
        "by_language": table(scores.by_language), "by_family": table(scores.by_family), "by_kind": table(scores.by_kind),
        "region": row(scores.region) | {"exact": _share(scores.region_exact)},
        "counts": {role: _share(share) for role, share in sorted(scores.counts.items())},
        "flags": {flag: row(tally) for flag, tally in scores.flags.items()},
        "errors": [_error(mistake) for mistake in scores.mistakes],
    }  # fmt: skip


def _per_thousand(scores: Scores) -> float | None:
    return round(1000 * scores.any_event.wrong / scores.ordinary, 1) if scores.ordinary else None


def _share(share: Share) -> dict[str, float | int | None]:
    return {"right": share.right, "of": share.of, "ratio": rounded(share.ratio)}


def _error(mistake: Mistake) -> dict[str, Any]:
    return {
        "id": mistake.id, "language": mistake.language, "what": mistake.what, "expected": mistake.expected,
        "found": mistake.found, "because": [{"rule": hit.rule, "words": hit.words} for hit in mistake.because],
    }  # fmt: skip


def _print(scores: Scores, *, errors: bool) -> None:
    alarms = f"{scores.any_event.wrong} false alarms in {scores.ordinary} texts that report nothing"
    click.echo(f"{scores.texts} texts; {alarms}.")
    click.echo(_ROW.format("", "right", "wrong", "missed", "precision", "recall", "F1"))
    for name, tally in _tallies(scores):
        ratios = (_percent(tally.precision), _percent(tally.recall), _percent(tally.f1))
        click.echo(_ROW.format(name, tally.right, tally.wrong, tally.missed, *ratios))
    for name, share in _shares(scores):
        click.echo(f"{name:<28}{share.right:>6} of {share.of} right, {_percent(share.ratio)}")
    if errors:
        for mistake in scores.mistakes:
            click.echo(told(mistake))


def _tallies(scores: Scores) -> Iterator[tuple[str, Tally]]:
    yield "any event", scores.any_event
    groups = (("language ", scores.by_language), ("", scores.by_family), ("", scores.by_kind))
    for before, group in groups:
        yield from ((f"{before}{name}", group[name]) for name in sorted(group))
    yield "region", scores.region
    yield from ((f"marked {flag}", tally) for flag, tally in scores.flags.items())


def _shares(scores: Scores) -> Iterator[tuple[str, Share]]:
    yield "all regions of a text", scores.region_exact
    yield from ((f"number of {role}", scores.counts[role]) for role in sorted(scores.counts))


def _percent(ratio: float | None) -> str:
    return "-" if ratio is None else f"{100 * ratio:.1f} %"


def told(mistake: Mistake) -> str:
    """One error in one line, with the words that fired."""
    words = "; ".join(f"{hit.rule} «{hit.words}»" for hit in mistake.because)
    line = f"{mistake.id}: {mistake.what}: expected {mistake.expected}, found {mistake.found}"
    return printable(f"{line} [{words}]" if words else line).replace("\n", " ")
