"""What a person on duty says of an incident, as labelled texts that `dabyl evaluate` reads. PURE.

The text in a label is masked: a feedback file outlives the retention of what people wrote, and must name nobody.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from monitor.domain.alerts import Incident
from monitor.domain.kinds import EventKind
from monitor.domain.signals import Signal
from monitor.read.labels import Expectation, Label
from monitor.read.masking import Masker

Verdict = Literal["false", "real"]


def feedback(
    incident: Incident, verdict: Verdict, signals: Sequence[Signal], texts: Mapping[str, str], masker: Masker,
    judged_at: datetime, note: str | None = None,
) -> list[Label]:  # fmt: skip
    """A label for every report of the incident whose text is still kept, in their order.

    Args:
        incident: what was judged.
        verdict: `false`: nothing of its family happened; `real`: it did.
        signals: its evidence.
        texts: text by report id.
        masker: takes private people out of texts and the note.
        judged_at: when.
        note: what the person adds.
    """
    by_report: dict[str, list[Signal]] = {}
    for signal in signals:
        if signal.report is not None and signal.report in texts and signal.family is incident.family:
            by_report.setdefault(signal.report, []).append(signal)
    said = masker.mask(note)[:2000] if note else None
    return [
        Label(
            id=f"{incident.id}:{report}", language=found[0].language or "", text=masker.mask(texts[report]),
            published_at=found[0].at, expect=_expected(verdict, incident, found), family=incident.family,
            incident=incident.id, verdict=verdict, judged_at=judged_at, note=said,
        )
        for report, found in by_report.items()
    ]  # fmt: skip


def _expected(verdict: Verdict, incident: Incident, found: Sequence[Signal]) -> Expectation:
    if verdict == "false":
        return Expectation(kinds=())
    kinds = tuple(dict.fromkeys(signal.kind for signal in found))
    others = tuple(kind for kind in EventKind if kind.family is incident.family and kind not in kinds)
    return Expectation(
        kinds=kinds, may=others, regions=tuple(dict.fromkeys(region for signal in found for region in signal.regions)),
        denied=any(signal.denied for signal in found), past=all(signal.past for signal in found),
    )  # fmt: skip
