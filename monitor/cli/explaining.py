"""A post with its hits marked in colour, each finding with its rules and the parts of its score."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from monitor.cli.output import console, printable
from monitor.domain.signals import Finding, Reading
from monitor.read.compiled import WEIGHED
from monitor.read.explain import Mark, is_near, marks, parts
from monitor.read.tokens import lowered

COLOURS: Final = ("red", "yellow", "magenta", "green", "blue")
PLACE: Final = "cyan"
MOST_SHOWN: Final = 20_000
_HEAVY: Final = 8
"""Words whose weights are shown."""
_SIGNS: Final = {"trigger": ("⟦", "⟧"), "near": ("‹", "›"), "place": ("<", ">")}
"""How hits are marked where there is no colour."""


def explain(
    body: str,
    name: str,
    reading: Reading,
    own: Mapping[str, float],
    weighed: tuple[float, Mapping[str, float]] | None = None,
    out: Console | None = None,
) -> None:
    """Print the text with its hits marked, then what each finding rests on.

    Args:
        body: the text as it was read.
        name: what to call it in the heading.
        reading: what was read in it.
        own: the own strength of every rule.
        weighed: how probable an event is by its words alone, and what each word weighs.
        out: where to; the terminal where not given.
    """
    out = out or console()
    out.print(Text(f"{printable(name)}  ({reading.language})", style="bold"))
    found = marks(reading)
    out.print(_coloured(body, found) if out.is_terminal else _signed(body, found))
    if not reading.findings:
        out.print(Text("  nothing is reported here", style="dim"))
    for number, finding in enumerate(reading.findings, 1):
        for line in _told(number, finding, own, weighed[1] if weighed else {}):
            out.print(line)
    for place in reading.places:
        out.print(Text(f"  place <{printable(place.name)}> {place.region or 'abroad or unknown'}", style=PLACE))
    if weighed:
        out.print(Text(f"  {_weighing(*weighed)}", style="dim"))
    out.print()


def _weighing(probability: float, words: Mapping[str, float]) -> str:
    """How probable an event is by the words alone, and which of them say so most, and most against it."""
    heavy = sorted(words, key=lambda word: -abs(words[word]))[:_HEAVY]
    told = ", ".join(f"{printable(word)} {words[word]:+.2f}" for word in heavy if words[word])
    return f"by its words alone an event is {probability:.0%} probable: {told}" if told else "no word weighs anything"


def _coloured(body: str, found: Iterable[Mark]) -> Text:
    text = Text(_harmless(body[:MOST_SHOWN]))
    for mark in found:
        text.stylize(_style(mark), mark.start, mark.end)
    return text


def _style(mark: Mark) -> str:
    if mark.role == "place":
        return f"underline {PLACE}"
    colour = COLOURS[(mark.finding - 1) % len(COLOURS)]
    return f"bold reverse {colour}" if mark.role == "trigger" else f"bold {colour}"


def _signed(body: str, found: Iterable[Mark]) -> Text:
    """The text with brackets around its hits, for outputs without colour."""
    signs: dict[int, list[str]] = {}
    for mark in dict.fromkeys((mark.start, mark.end, mark.role) for mark in found):
        start, end, role = mark
        opening, closing = _SIGNS[role]
        signs.setdefault(start, []).append(opening)
        signs.setdefault(end, []).insert(0, closing)
    shown = _harmless(body[:MOST_SHOWN])
    places = [0, *sorted(place for place in signs if 0 < place < len(shown)), len(shown)]
    pieces = ["".join(signs.get(0, ()))]
    for start, end in pairwise(places):
        pieces += [shown[start:end], "".join(signs.get(end, ()))]
    return Text("".join(pieces))


def _harmless(text: str) -> str:
    """The text with as many characters, none of which drives a terminal or turns the direction of writing."""
    return "".join(char if char == "\n" or char.isprintable() else "·" for char in text)


def _told(number: int, finding: Finding, own: Mapping[str, float], words: Mapping[str, float]) -> Iterator[Text]:
    colour = COLOURS[(number - 1) % len(COLOURS)]
    where = ", ".join(finding.regions) or "place unknown"
    places = f" ({', '.join(finding.places)})" if finding.places else ""
    flags = "".join(f", {flag}" for flag in ("denied", "claimed", "past") if getattr(finding, flag))
    head = f"  {number}. {finding.kind.value}  {where}{places}  strength {finding.strength:.2f}{flags}"
    yield Text(printable(head), style=f"bold {colour}")
    for hit in finding.because:
        beside = "    beside " if is_near(hit) else "    "
        weight = words.get(lowered(hit.words)) if hit.rule.startswith(WEIGHED) else None
        weighs = f"  weighs {weight:+.2f}" if weight is not None else ""
        rule = hit.rule.removesuffix(":near")
        yield Text(printable(f"{beside}«{hit.words}»  {rule}  at {hit.start}-{hit.end}{weighs}"))
    score = " ".join(
        f"× {part.value:g} {part.what}" if part.is_factor else f"{part.what} {part.value:g},"
        for part in parts(finding, own)
    )
    yield Text(f"    score: {score.rstrip(',')}", style="dim")
    if finding.counts:
        yield Text(
            "    numbers: "
            + "; ".join(f"{role} {_span(*interval)}" for role, interval in sorted(finding.counts.items()))
        )


def _span(low: int, high: int | None) -> str:
    if high is None:
        return f"{low} or more"
    return str(low) if low == high else f"{low} to {high}"


def plain_record(line: bytes) -> dict[str, Any] | None:
    """A line that is no JSON object as a text record, so that people may type a sentence; `None` for JSON."""
    text = line.decode("utf-8", "replace").strip()
    return None if text.startswith("{") else {"id": None, "text": text}
