"""How well the reader reads, measured against labelled texts: precision, recall and F, and every error. PURE.

A text *fires* when it gets a finding that could count towards an alert. On a text whose label is empty, a finding marked
`past` is a tag and no alarm, because no rule pages on it unless it asks for the past; `strict` counts it all the same.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from monitor.domain.kinds import EventKind
from monitor.domain.signals import Finding, Hit
from monitor.read.labels import Label

FLAGS: Final = ("denied", "past")
Read = Callable[[Label], Sequence[Finding]]


@dataclass(slots=True)
class Tally:
    """What was found rightly, found wrongly, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, *, expected: bool, found: bool) -> None:
        """Count one case; neither expected nor found changes nothing."""
        self.right += expected and found
        self.wrong += found and not expected
        self.missed += expected and not found

    @property
    def precision(self) -> float | None:
        """Share of what was found that was right, 0..1; `None` where nothing was found."""
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        """Share of what was there that was found, 0..1; `None` where nothing was there."""
        return _share(self.right, self.right + self.missed)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall (F1), 0..1; `None` where there was nothing to find or to miss."""
        return _share(2 * self.right, 2 * self.right + self.wrong + self.missed)


@dataclass(slots=True)
class Share:
    """How many of those that could be judged were right."""

    right: int = 0
    of: int = 0

    def add(self, right: bool) -> None:
        """Count one case."""
        self.right += right
        self.of += 1

    @property
    def ratio(self) -> float | None:
        """0..1; `None` where nothing could be judged."""
        return _share(self.right, self.of)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that the reader got wrong.

    Attributes:
        what: `missed`, `wrong`, `region`, `count` or `flag`.
        expected, found: in few words.
        because: the phrases that fired (for `missed`: those of whatever else was found).
    """

    id: str
    language: str
    what: str
    expected: str
    found: str
    because: tuple[Hit, ...] = ()


@dataclass(slots=True)
class Scores:
    """All figures over some labelled texts.

    Attributes:
        any_event: per text: does it report anything at all?
        region: per region of the texts whose event was found and whose label names regions.
        region_exact: texts whose regions are all right and none too many.
        counts: labelled numbers that came out as the same interval.
        flags: by flag, of texts whose event was found: those that should carry it, wrongly do, or lack it.
        ordinary: texts that report nothing; `any_event.wrong` of them raised a false alarm.
    """

    texts: int = 0
    ordinary: int = 0
    any_event: Tally = field(default_factory=Tally)
    by_language: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    by_family: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    by_kind: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    region: Tally = field(default_factory=Tally)
    region_exact: Share = field(default_factory=Share)
    counts: defaultdict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    flags: dict[str, Tally] = field(default_factory=lambda: {flag: Tally() for flag in FLAGS})
    mistakes: list[Mistake] = field(default_factory=list)


def score(labels: Iterable[Label], read: Read, *, strict: bool = False) -> Scores:
    """Read every text and compare.

    Args:
        labels: texts with what they report; a later label of one id takes the place of an earlier one.
        read: gives the findings of a text.
        strict: a finding marked `past` on a text that reports nothing is a false alarm too.
    """
    scores = Scores()
    for label in {label.id: label for label in labels}.values():
        findings = [finding for finding in read(label) if label.family in {None, finding.kind.family}]
        if not label.expect.kinds and not strict:
            findings = [finding for finding in findings if not finding.past]
        _compare(scores, label, findings)
    return scores


def _compare(scores: Scores, label: Label, findings: Sequence[Finding]) -> None:
    expected = set(label.expect.kinds)
    found = {finding.kind for finding in findings}
    scores.texts += 1
    scores.ordinary += not expected
    fires = bool(found - set(label.expect.may)) or bool(expected and found)
    for tally in (scores.any_event, scores.by_language[label.language or "unknown"]):
        tally.add(expected=bool(expected), found=fires)
    _tally_kinds(scores, label, findings)
    matching = [finding for finding in findings if finding.kind in expected]
    if not matching:
        return
    _tally_regions(scores, label, matching)
    _tally_counts(scores, label, matching)
    _tally_flags(scores, label, matching)


def _tally_kinds(scores: Scores, label: Label, findings: Sequence[Finding]) -> None:
    expected, may = set(label.expect.kinds), set(label.expect.may)
    found = {finding.kind for finding in findings}
    for kind in sorted((expected | found) - (may - expected)):
        scores.by_kind[kind.value].add(expected=kind in expected, found=kind in found)
        if kind not in found:
            others = [finding for finding in findings if finding.kind not in expected]
            scores.mistakes.append(_mistake(label, "missed", kind.value, _named(found), others))
        elif kind not in expected:
            wrong = [finding for finding in findings if finding.kind is kind]
            scores.mistakes.append(_mistake(label, "wrong", _named(expected), kind.value, wrong))
    families = {kind.family for kind in expected}
    tempted = {kind.family for kind in found - may}
    allowed = {kind.family for kind in may} - families
    for family in sorted((families | tempted) - (allowed - tempted)):
        scores.by_family[family.value].add(expected=family in families, found=_any_of(family, found))


def _any_of(family: object, kinds: Iterable[EventKind]) -> bool:
    return any(kind.family is family for kind in kinds)


def _tally_regions(scores: Scores, label: Label, matching: Sequence[Finding]) -> None:
    expected = set(label.expect.regions)
    if not expected:
        return
    found = {region for finding in matching for region in finding.regions}
    for region in sorted(expected | found):
        scores.region.add(expected=region in expected, found=region in found)
    scores.region_exact.add(expected == found)
    if expected != found:
        scores.mistakes.append(_mistake(label, "region", _named(expected), _named(found), matching))


def _tally_counts(scores: Scores, label: Label, matching: Sequence[Finding]) -> None:
    for role, interval in label.expect.counts.items():
        found = {finding.counts[role] for finding in matching if role in finding.counts}
        right = interval in found
        scores.counts[role].add(right)
        if not right:
            told = ", ".join(sorted(_range(low, high) for low, high in found)) or "none"
            scores.mistakes.append(
                _mistake(label, "count", f"{role} {_range(interval[0], interval[1])}", told, matching)
            )


def _tally_flags(scores: Scores, label: Label, matching: Sequence[Finding]) -> None:
    for flag in FLAGS:
        expected = bool(getattr(label.expect, flag))
        found = any(getattr(finding, flag) for finding in matching)
        scores.flags[flag].add(expected=expected, found=found)
        if expected != found:
            words = (flag, f"not {flag}")
            told = (words[not expected], words[not found])
            scores.mistakes.append(_mistake(label, "flag", *told, matching))


def _mistake(label: Label, what: str, expected: str, found: str, findings: Sequence[Finding]) -> Mistake:
    hits = dict.fromkeys(hit for finding in findings for hit in finding.because)
    return Mistake(label.id, label.language, what, expected, found, tuple(hits))


def _named(things: Iterable[str]) -> str:
    return ", ".join(sorted(things)) or "nothing"


def _range(low: int, high: int | None) -> str:
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}-{high}"


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def table(tallies: Mapping[str, Tally]) -> dict[str, dict[str, float | int | None]]:
    """Tallies as plain values, by name."""
    return {name: row(tallies[name]) for name in sorted(tallies)}


def row(tally: Tally) -> dict[str, float | int | None]:
    """A tally as plain values, ratios to four places."""
    return {
        "right": tally.right, "wrong": tally.wrong, "missed": tally.missed, "precision": rounded(tally.precision),
        "recall": rounded(tally.recall), "f1": rounded(tally.f1),
    }  # fmt: skip


def rounded(ratio: float | None) -> float | None:
    """A ratio to four places; `None` stays."""
    return None if ratio is None else round(ratio, 4)
