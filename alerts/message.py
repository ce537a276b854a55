"""The words of a message: plain, calm, exact, in the reader's language. PURE.

Never the text of a post, never an author, a phone or an address: kinds, places, times, numbers as intervals, names of
sources and links. No text can block delivery: control characters and direction marks are taken out, lengths are bounded.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from alerts.message_words import COUNTED, LEVELS, LINES, REASONS, ROLES, SEVERITIES
from alerts.routes import Destination
from alerts.rules import sentence
from monitor.domain.alerts import Incident, Level, Reason
from monitor.domain.kind_names import FAMILY_NAMES, KIND_NAMES, Language
from monitor.domain.regions import Region
from monitor.domain.rules import Rule
from monitor.domain.signals import Interval, Signal
from monitor.domain.sources import Source
from monitor.read.masking import without_marks

SHORT_LENGTH: Final = 160
BODY_LENGTH: Final = 3500
MAX_LINKS: Final = 8
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Words:
    """A message ready to be sent."""

    subject: str
    short: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Everything that a message may speak of."""

    incident: Incident
    rule: Rule
    reason: Reason
    signals: Sequence[Signal]
    since: datetime
    restored: bool = False
    mark: str = ""


class Composer:
    """Writes messages with the names of regions and sources."""

    def __init__(self, regions: Mapping[str, Region], sources: Mapping[str, Source]) -> None:
        self._regions = regions
        self._sources = sources

    def words(self, subject: Subject, to: Destination) -> Words:
        """The message about this subject for this destination."""
        language = to.language
        mark = f"[{subject.mark}] " if subject.mark else ""
        what = FAMILY_NAMES[subject.incident.family][language]
        where = self._where(subject.incident, language)
        level = LEVELS[subject.incident.level.value][language]
        reason = REASONS[subject.reason.value][language]
        head = f"{where}: {what} ({SEVERITIES[subject.incident.severity.word][language]})"
        # Whoever reads only this line at night must see that something changed, and that it ended.
        change = "" if subject.reason is Reason.FIRST else f"{reason}. "
        short = safe(f"{mark}{change}{head}, {_local(subject.since, to.zone)}; {level}")[:SHORT_LENGTH]
        title = safe(f"{mark}{head}. {reason}")[:200]
        body = "\n".join(line for line in (f"{mark}{reason}: {what}.", *self._lines(subject, to)) if line)
        return Words(title, short, safe(body)[:BODY_LENGTH])

    def _lines(self, subject: Subject, to: Destination) -> list[str]:
        language, incident = to.language, subject.incident
        places = f" ({', '.join(incident.places[:5])})" if incident.places else ""
        denials = [signal for signal in subject.signals if signal.denied]
        witnesses = ", ".join(
            (
                _number(len(incident.witnesses), "independent", language),
                _number(incident.signal_count, "reports", language),
            )
        )
        utc_time = subject.since.strftime("%Y-%m-%d %H:%M UTC")
        return [
            f"{LINES['where'][language]}: {self._where(incident, language)}{places}.",
            f"{LINES['since'][language]}: {_local(subject.since, to.zone)} ({utc_time}).",
            f"{LINES['support'][language]}: {LEVELS[incident.level.value][language]}; {witnesses}.",
            _counts(subject.signals, language),
            f"{LINES['denied'][language]}: {self._named(denials)}." if denials else "",
            f"{LINES['restored'][language]}." if subject.restored else "",
            f"{LINES['change'][language]}."
            if incident.level is Level.SEEN and subject.reason is not Reason.RESOLVED
            else "",
            f"{LINES['rule'][language]}: {sentence(subject.rule)}" if language == "en" else "",
            f"{LINES['evidence'][language]}:",
            *self._links(subject.signals, language),
        ]

    def _where(self, incident: Incident, language: Language) -> str:
        names = [self._regions[code].names.of(language) for code in incident.regions if code in self._regions]
        return ", ".join(names) or LINES["unknown"][language]

    def _named(self, signals: Sequence[Signal]) -> str:
        names = [
            self._sources[signal.source].name if signal.source in self._sources else signal.source for signal in signals
        ]
        return ", ".join(dict.fromkeys(names))

    def _links(self, signals: Sequence[Signal], language: Language) -> list[str]:
        newest = sorted(signals, key=lambda signal: (signal.at, signal.id), reverse=True)
        lines = [
            f"- {self._named([signal])}: {KIND_NAMES[signal.kind][language]} {signal.link or ''}".rstrip()
            for signal in newest
        ]
        lines = list(dict.fromkeys(lines))
        more = [f"- {LINES['more'][language]} {len(lines) - MAX_LINKS}"] if len(lines) > MAX_LINKS else []
        return lines[:MAX_LINKS] + more


def safe(text: str) -> str:
    """The text without control and direction characters, phones, e-mails, plates, personal numbers and handles."""
    return without_marks(_UNSAFE.sub("", text))


def _local(moment: datetime, zone: str) -> str:
    """The reader's clock; Almaty was UTC+6 until 2024-03-01."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%d.%m %H:%M")


def _number(count: int, of_what: str, language: Language) -> str:
    """A count and its noun, as it is said aloud."""
    forms = COUNTED[of_what][language]
    return f"{count} {forms[min(_form(count, language), len(forms) - 1)]}"


def _form(count: int, language: Language) -> int:
    """Which of a noun's forms follows the number. In Russian its last digit decides, but for 11 to 14."""
    if language != "ru":
        return 0 if count == 1 else 1
    if count % 10 == 1 and count % 100 != 11:
        return 0
    return 1 if count % 10 in {2, 3, 4} and count % 100 not in {12, 13, 14} else 2


def _counts(signals: Sequence[Signal], language: Language) -> str:
    """The widest honest interval of each role over the reports."""
    roles: dict[str, list[Interval]] = {}
    for signal in signals:
        for role, interval in signal.counts.items():
            if signal.stands:
                roles.setdefault(role, []).append(interval)
    parts = [
        f"{ROLES[role][language]} {_spread(intervals)}" for role, intervals in sorted(roles.items()) if role in ROLES
    ]
    return f"{LINES['counts'][language]}: {'; '.join(parts)}." if parts else ""


def _spread(intervals: Sequence[Interval]) -> str:
    low = min(interval[0] for interval in intervals)
    highs = [interval[1] for interval in intervals]
    if any(high is None for high in highs):
        return f"{low}+"
    high = max(high for high in highs if high is not None)
    return f"{low}" if low == high else f"{low}-{high}"
