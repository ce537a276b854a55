"""Rules over signals, one step at a time: old state, new signals and now in; alerts that changed out. PURE.

A late signal belongs to the hours it speaks of: it is judged against a window that ends now, so the past never raises an
alert for the present.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from alerts.conditions import counting, holds, level_of
from alerts.rules import severity_of, version_of
from monitor.domain.alerts import Alert, AlertState, fingerprint
from monitor.domain.ids import content_id
from monitor.domain.moments import rfc3339
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.rules import Condition, Rule
from monitor.domain.signals import Signal

MAX_EVIDENCE: Final = 200
NO_NEWS: Final = timedelta(hours=96)
"""An alert that only a certain kind of signal ends is given up after this long without any news of it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a rule judges on its own: a region (and city), or the country."""

    region: str
    place: str | None = None


@dataclass(slots=True)
class Watch:
    """One rule in one scope: the signals of its window, and its alert while there is one."""

    rule: Rule
    scope: Scope
    signals: dict[str, Signal] = field(default_factory=dict)
    alert: Alert | None = None
    cleared_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An alert that changed, and why.

    Attributes:
        event: `pending`, `firing`, `evidence`, `cleared` (what ends it was seen), `again` (it came back), `resolved`,
            `dropped` (it never fired).
        signals: those that caused the turn.
    """

    alert: Alert
    rule: Rule
    event: str
    signals: tuple[Signal, ...] = ()


class Evaluator:
    """All rules and their state. Deterministic: the same signals in the same order give the same turns."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [rule for rule in rules if rule.enabled]
        self._versions = {rule.id: version_of(rule) for rule in self._rules}
        self._watches: dict[tuple[str, Scope], Watch] = {}

    @property
    def longest_window(self) -> timedelta:
        """How far back signals still count for some rule."""
        conditions = [condition for rule in self._rules for condition in _conditions(rule)]
        return timedelta(minutes=max((condition.within_minutes for condition in conditions), default=0))

    def restore(self, alerts: Iterable[Alert], signals: Iterable[Signal]) -> None:
        """Take up where the store says that we were; raises no alert."""
        rules = {rule.id: rule for rule in self._rules}
        for alert in alerts:
            rule = rules.get(alert.rule)
            if rule is not None:
                self._watch(rule, Scope(alert.region, alert.place)).alert = alert
        for signal in signals:
            for watch in self._concerned(signal):
                watch.signals[signal.id] = signal

    def add(self, signal: Signal, now: datetime) -> list[Turn]:
        """One signal more."""
        turns: list[Turn] = []
        for watch in self._concerned(signal):
            if signal.id in watch.signals:
                continue
            watch.signals[signal.id] = signal
            turns += self._judge(watch, now, signal)
        return turns

    def tick(self, now: datetime) -> list[Turn]:
        """What changes by time alone."""
        turns: list[Turn] = []
        for watch in self._watches.values():
            if watch.alert is not None:
                turns += self._judge(watch, now, None)
        self._forget(now)
        return turns

    def next_due(self) -> datetime | None:
        """When `tick` has something to do; `None` if nothing is under way."""
        return min((due for watch in self._watches.values() if (due := _due(watch)) is not None), default=None)

    def signals_of(self, alert: Alert) -> list[Signal]:
        """The signals at hand that an alert rests on, oldest first."""
        found = [watch for watch in self._watches.values() if watch.alert is not None and watch.alert.id == alert.id]
        wanted = set(alert.signals)
        signals = {signal.id: signal for watch in found for signal in watch.signals.values() if signal.id in wanted}
        return sorted(signals.values(), key=lambda signal: (signal.at, signal.id))

    def _concerned(self, signal: Signal) -> list[Watch]:
        return [
            self._watch(rule, scope)
            for rule in self._rules
            if signal.kind in rule.cleared_by or any(condition.counts(signal.kind) for condition in _conditions(rule))
            for scope in _scopes(rule, signal)
        ]

    def _watch(self, rule: Rule, scope: Scope) -> Watch:
        key = (rule.id, scope)
        if key not in self._watches:
            self._watches[key] = Watch(rule, scope)
        return self._watches[key]

    def _judge(self, watch: Watch, now: datetime, new: Signal | None) -> list[Turn]:
        signals = list(watch.signals.values())
        counted = counting(watch.rule.when, signals, now)
        held = self._holds(watch.rule, signals, counted, now)
        if watch.alert is None:
            return self._begin(watch, counted, now) if held and new is not None else []
        if watch.alert.state is AlertState.PENDING:
            return self._pending(watch, counted, now, held=held)
        if new is not None and new not in counted and new in _other_half(watch, now):
            return self._joined(watch, new)
        return self._firing(watch, counted, now, new)

    def _holds(self, rule: Rule, signals: Sequence[Signal], counted: Sequence[Signal], now: datetime) -> bool:
        if not holds(rule.when, counted):
            return False
        if not all(holds(condition, counting(condition, signals, now)) for condition in rule.also):
            return False
        return not any(holds(condition, counting(condition, signals, now)) for condition in rule.unless)

    def _begin(self, watch: Watch, counted: Sequence[Signal], now: datetime) -> list[Turn]:
        rule, scope = watch.rule, watch.scope
        evidence = [*counted, *_other_half(watch, now)]
        mark = fingerprint(rule.id, scope.region, scope.place)
        alert = Alert(
            id=content_id("episode", mark, rfc3339(now) or ""), fingerprint=mark, rule=rule.id,
            rule_version=self._versions[rule.id], family=counted[-1].family, region=scope.region, place=scope.place,
            state=AlertState.PENDING, severity=severity_of(rule), level=level_of(evidence),
            started_at=min(signal.at for signal in counted), held_since=now, last_signal_at=now,
        )  # fmt: skip
        watch.alert = _with_evidence(alert, evidence)
        watch.cleared_at = None
        if rule.hold_minutes:
            return [Turn(alert=watch.alert, rule=rule, event="pending", signals=tuple(evidence))]
        return [self._fire(watch, evidence, now)]

    def _fire(self, watch: Watch, counted: Sequence[Signal], now: datetime) -> Turn:
        assert watch.alert is not None
        watch.alert = replace(watch.alert, state=AlertState.FIRING, fired_at=now)
        return Turn(alert=watch.alert, rule=watch.rule, event="firing", signals=tuple(counted))

    def _pending(self, watch: Watch, counted: Sequence[Signal], now: datetime, *, held: bool) -> list[Turn]:
        assert watch.alert is not None
        if not held:
            dropped = replace(watch.alert, state=AlertState.RESOLVED, resolved_at=now)
            watch.alert = None
            return [Turn(alert=dropped, rule=watch.rule, event="dropped")]
        watch.alert = _with_evidence(watch.alert, counted)
        if now - watch.alert.held_since >= timedelta(minutes=watch.rule.hold_minutes):
            return [self._fire(watch, counted, now)]
        return []

    def _joined(self, watch: Watch, new: Signal) -> list[Turn]:
        """Evidence of the half that must hold at the same time: it supports the alert, and does not make it last."""
        assert watch.alert is not None
        watch.alert = _with_evidence(watch.alert, [new])
        level = max(watch.alert.level, level_of(self.signals_of(watch.alert)), key=lambda level: level.rank)
        watch.alert = replace(watch.alert, level=level)
        return [Turn(alert=watch.alert, rule=watch.rule, event="evidence", signals=(new,))]

    def _firing(self, watch: Watch, counted: Sequence[Signal], now: datetime, new: Signal | None) -> list[Turn]:
        assert watch.alert is not None
        rule = watch.rule
        if new is not None and new.kind in rule.cleared_by and not new.denied and watch.cleared_at is None:
            watch.cleared_at = now
            return [Turn(alert=watch.alert, rule=rule, event="cleared", signals=(new,))]
        if new is not None and new in counted:
            event = "again" if watch.cleared_at is not None else "evidence"
            watch.cleared_at = None
            watch.alert = replace(_with_evidence(watch.alert, [new]), last_signal_at=now)
            everything = [*self.signals_of(watch.alert), new]
            watch.alert = replace(
                watch.alert, level=max(watch.alert.level, level_of(everything), key=lambda level: level.rank)
            )
            return [Turn(alert=watch.alert, rule=rule, event=event, signals=(new,))]
        due = _due(watch)
        if due is None or now < due:
            return []
        resolved = replace(watch.alert, state=AlertState.RESOLVED, resolved_at=now)
        watch.alert, watch.cleared_at = None, None
        return [Turn(alert=resolved, rule=rule, event="resolved")]

    def _forget(self, now: datetime) -> None:
        """Let go of signals that no window reaches any more and no alert holds."""
        for key, watch in list(self._watches.items()):
            longest = max(condition.within_minutes for condition in _conditions(watch.rule))
            edge = now - timedelta(minutes=longest)
            held = set(watch.alert.signals) if watch.alert else set()
            watch.signals = {name: signal for name, signal in watch.signals.items() if signal.at > edge or name in held}
            if watch.alert is None and not watch.signals:
                del self._watches[key]


def _other_half(watch: Watch, now: datetime) -> list[Signal]:
    """The signals that hold the rule's other conditions, each once, oldest first."""
    found = {
        signal.id: signal
        for condition in watch.rule.also
        for signal in counting(condition, watch.signals.values(), now)
        if not watch.rule.when.counts(signal.kind)
    }
    return sorted(found.values(), key=lambda signal: (signal.at, signal.id))


def _conditions(rule: Rule) -> tuple[Condition, ...]:
    return (rule.when, *rule.also, *rule.unless)


def _scopes(rule: Rule, signal: Signal) -> list[Scope]:
    """What a signal is judged under. A signal without a place is judged for the country: it must not be lost."""
    if rule.per == "country":
        return [Scope(WHOLE_COUNTRY)]
    if rule.also and signal.regions in {(), (WHOLE_COUNTRY,)}:
        # A rule that joins two halves in one place has nothing to join where the place is unknown.
        return []
    regions = signal.regions or (WHOLE_COUNTRY,)
    if rule.per == "city":
        return [Scope(region, next(iter(signal.places_in((region,))), None)) for region in regions]
    return [Scope(region) for region in regions]


def _with_evidence(alert: Alert, signals: Sequence[Signal]) -> Alert:
    known = set(alert.signals)
    fresh = [
        signal.id for signal in sorted(signals, key=lambda signal: (signal.at, signal.id)) if signal.id not in known
    ]
    return replace(
        alert,
        signals=(*alert.signals, *fresh)[-MAX_EVIDENCE:],
        signal_count=alert.signal_count + len(fresh),
        witnesses=tuple(sorted({*alert.witnesses, *(signal.witness for signal in signals)})),
    )


def _due(watch: Watch) -> datetime | None:
    """When time alone turns this watch."""
    alert, rule = watch.alert, watch.rule
    if alert is None:
        return None
    if alert.state is AlertState.PENDING:
        return alert.held_since + timedelta(minutes=rule.hold_minutes)
    clear = timedelta(minutes=rule.clear_minutes)
    if not rule.cleared_by:
        return alert.last_signal_at + clear
    return watch.cleared_at + clear if watch.cleared_at is not None else alert.last_signal_at + max(NO_NEWS, clear)
