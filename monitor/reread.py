"""Retro-hunt: stored texts through the present lexicons, and what that would change in what was understood.

Promises that nothing is stored unless it is told to, that every change names its words, and that what an incident rests
on stays. Only texts that retention has left can be read again.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal

from monitor.domain.changes import AuditEntry, Change, Query, StoredReport
from monitor.domain.kinds import Family
from monitor.domain.ports import StateStore
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.reports import Report
from monitor.domain.signals import Signal, signal_id
from monitor.domain.sources import Source
from monitor.pipeline import signal_of
from monitor.read.echoes import EchoIndex
from monitor.read.reader import Reader

PAGE: Final = 500
LEAST_CHANGE: Final = 0.05
"""A smaller change of strength (0..1) is not worth a line."""

What = Literal["new", "gone", "changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One signal that reading again would add, take away or change.

    Attributes:
        before, after: the signal as stored and as read now; `None` where there is none.
        held: an incident rests on it, so it is not taken away.
        details: what changed, in few words.
    """

    what: What
    report: StoredReport
    before: Signal | None = None
    after: Signal | None = None
    held: bool = False
    details: str = ""

    @property
    def signal(self) -> Signal:
        """The signal that it is about."""
        signal = self.after or self.before
        assert signal is not None
        return signal


@dataclass(slots=True)
class Reread:
    """Reads reports again with this reader.

    Attributes:
        read, wiped: how many texts were read, and how many are no longer kept.
    """

    state: StateStore
    reader: Reader
    sources: Mapping[str, Source]
    echoes: EchoIndex = field(default_factory=EchoIndex)
    read: int = 0
    wiped: int = 0

    async def differences(self, since: datetime, until: datetime | None = None) -> AsyncIterator[Difference]:
        """What would change in the reports published (or seen) between two moments, oldest first.

        Raises:
            StoreUnavailableError: the store cannot be read.
        """
        held = await self._held()
        async for page in self._pages(since, until):
            stored = await self._stored(page)
            for report in page:
                if report.text is None:
                    self.wiped += 1
                    continue
                self.read += 1
                for difference in self._compare(report, stored.get(report.id, ()), held):
                    yield difference

    async def _pages(self, since: datetime, until: datetime | None) -> AsyncIterator[list[StoredReport]]:
        """Reports in their order; many of one moment make a page longer, so that none is passed over."""
        seen: set[str] = set()
        limit = PAGE
        while True:
            asked = Query(since=since, until=until, newest_first=False, limit=limit)
            found = list(await self.state.reports(asked))
            fresh = [report for report in found if report.id not in seen]
            if fresh:
                yield fresh
            if len(found) < limit:
                return
            seen.update(report.id for report in fresh)
            last = max(report.published_at or report.observed_at for report in found)
            limit, since = (PAGE, last) if last > since else (2 * limit, since)

    async def _stored(self, page: Sequence[StoredReport]) -> dict[str, list[Signal]]:
        """Stored signals of these reports' latest wordings, by report."""
        moments = [min(report.published_at or report.observed_at, report.observed_at) for report in page]
        seen = max(report.observed_at for report in page)
        found: dict[str, list[Signal]] = {}
        latest = {report.id: report.version for report in page}
        async for signal in self._signals(min(moments), max([*moments, seen])):
            if signal.report in latest and latest[signal.report] in signal.evidence:
                found.setdefault(signal.report, []).append(signal)
        return found

    async def _signals(self, first: datetime, last: datetime) -> AsyncIterator[Signal]:
        limit = 20 * PAGE
        while True:
            asked = Query(since=first, newest_first=False, limit=limit)
            found = await self.state.signals(asked)
            if len(found) < limit or found[-1].at > last:
                break
            limit *= 4
        for signal in found:
            if signal.family is not Family.SYSTEM:
                yield signal

    async def _held(self) -> frozenset[str]:
        incidents = await self.state.incidents(Query(limit=100_000))
        return frozenset(name for incident in incidents for name in incident.signals)

    def _compare(self, report: StoredReport, stored: Sequence[Signal], held: frozenset[str]) -> Iterable[Difference]:
        before = {(signal.kind, signal.regions): signal for signal in stored}
        after = {(signal.kind, signal.regions): signal for signal in self._again(report, stored)}
        for key in sorted(after.keys() - before.keys()):
            yield Difference(what="new", report=report, after=after[key])
        for key in sorted(before.keys() - after.keys()):
            yield Difference(what="gone", report=report, before=before[key], held=before[key].id in held)
        for key in sorted(before.keys() & after.keys()):
            details = changed(before[key], after[key])
            if details:
                now = replace(after[key], id=before[key].id, witness=before[key].witness)
                yield Difference(what="changed", report=report, before=before[key], after=now, details=details)

    def _again(self, stored: StoredReport, signals: Sequence[Signal]) -> list[Signal]:
        """What the report says to the present lexicons."""
        report, source = _report(stored), self.sources.get(stored.source)
        if not report.words.strip():
            return []
        home = source.region if source and source.region != WHOLE_COUNTRY else None
        reading = self.reader.read(report.words, report.published_at, home)
        owner = source.owner if source else report.origin
        echo = self.echoes.witness(
            report.words, origin=report.origin, owner=owner, forwarded_from=report.forwarded_from, at=report.at
        )
        witness = signals[0].witness if signals else echo.witness
        return [
            replace(
                signal_of(report, reading, finding, witness, source),
                id=signal_id(stored.version, finding.kind, finding.regions), evidence=(stored.version,), report=stored.id,
            )
            for finding in reading.findings
        ]  # fmt: skip


def _report(stored: StoredReport) -> Report:
    return Report(
        source=stored.source, origin=stored.origin, key=stored.key, text=stored.text or "", title=stored.title,
        link=stored.link, published_at=stored.published_at, observed_at=stored.observed_at, edited=stored.edited,
        forwarded_from=stored.forwarded_from,
    )  # fmt: skip


def changed(before: Signal, after: Signal) -> str:
    """What differs between two readings of one thing, in few words; empty if nothing worth telling."""
    parts = []
    if abs(before.strength - after.strength) >= LEAST_CHANGE:
        parts.append(f"strength {before.strength:.2f} -> {after.strength:.2f}")
    turned = [flag for flag in ("denied", "claimed", "past") if getattr(before, flag) != getattr(after, flag)]
    parts += [f"{'now' if getattr(after, flag) else 'no longer'} {flag}" for flag in turned]
    for role in sorted({*before.counts, *after.counts}):
        old, new = before.counts.get(role), after.counts.get(role)
        if old != new:
            parts.append(f"{role} {_span(old)} -> {_span(new)}")
    if set(before.places) != set(after.places):
        parts.append(f"places {', '.join(before.places) or 'none'} -> {', '.join(after.places) or 'none'}")
    return "; ".join(parts)


def _span(interval: tuple[int, int | None] | None) -> str:
    if interval is None:
        return "none"
    low, high = interval
    if high is None:
        return f"{low}+"
    return str(low) if low == high else f"{low}-{high}"


def change_of(differences: Sequence[Difference], now: datetime, what: str) -> Change:
    """The change that makes these differences true, with its line in the audit; what an incident holds is left."""
    new = tuple(entry.after for entry in differences if entry.what == "new" and entry.after)
    again = tuple(entry.after for entry in differences if entry.what == "changed" and entry.after)
    gone = tuple(entry.before.id for entry in differences if entry.what == "gone" and entry.before and not entry.held)
    details = f"{len(new)} new, {len(again)} changed, {len(gone)} withdrawn"
    note = AuditEntry(at=now, actor="reread", action="reread", subject=what, details=details)
    return Change(signals=new, reread=again, withdrawn=gone, audit=(note,))
