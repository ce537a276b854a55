"""Rules over signals, one step at a time: old state, new signals and now in; alerts that changed out. PURE.

A late signal belongs to the hours it speaks of: it is judged against a window that ends now, so the past never raises an
alert for the present.
"""

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from alerts.conditions import counting, counts_at_all, has_people, holds, level_of
from alerts.rules import severity_of, version_of
from monitor.domain.alerts import Alert, AlertState, fingerprint
from monitor.domain.ids import content_id
from monitor.domain.moments import rfc3339
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.rules import Condition, Rule
from monitor.domain.signals import Signal

MAX_EVIDENCE: Final = 200
MOST_OF_ONE: Final = 20
"""Signals that are kept of one witness who says the same sort of thing again and again; the first and the latest ones."""
FORGET_EVERY: Final = timedelta(minutes=1)
NO_NEWS: Final = timedelta(hours=96)
"""An alert that only a certain kind of signal ends is given up after this long without any news of it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a rule judges on its own: a region (and city), or the country."""

    region: str
    place: str | None = None


@dataclass(slots=True)
class Watch:
    """One rule in one scope: the signals of its window, and its alert while there is one.

    Of one witness who says the same sort of thing again and again, not everything is kept: no condition could tell the
    difference, and a flood would have to be counted anew with each of its posts.
    """

    rule: Rule
    scope: Scope
    signals: dict[str, Signal] = field(default_factory=dict)
    alert: Alert | None = None
    cleared_at: datetime | None = None
    _voices: dict[tuple[object, ...], list[Signal]] = field(default_factory=dict)

    def hear(self, signal: Signal) -> None:
        """Take a signal in; of too many of one voice the one after the first goes."""
        self.signals[signal.id] = signal
        voice = self._voices.setdefault(_voice(self.rule, signal), [])
        insort(voice, signal, key=lambda one: one.at)
        if len(voice) > _most_of_one(self.rule):
            del self.signals[voice.pop(_least_needed(voice)).id]

    def forget(self, edge: datetime) -> None:
        """Let go of what is older, but for what the alert rests on."""
        held = set(self.alert.signals) if self.alert else set()
        left = [signal for signal in self.signals.values() if signal.at > edge or signal.id in held]
        if len(left) < len(self.signals):
            self.signals, self._voices = {}, {}
            for signal in left:
                self.hear(signal)


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
        self._forgot_at: datetime | None = None

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
                watch.hear(signal)

    def add(self, signal: Signal, now: datetime) -> list[Turn]:
        """One signal more."""
        turns: list[Turn] = []
        for watch in self._concerned(signal):
            if signal.id in watch.signals:
                continue
            watch.hear(signal)
            turns += self._judge(watch, now, signal)
        return turns

    def tick(self, now: datetime) -> list[Turn]:
        """What changes by time alone."""
        turns: list[Turn] = []
        for watch in self._watches.values():
            if watch.alert is not None:
                turns += self._judge(watch, now, None)
        if self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY:
            self._forgot_at = now
            self._forget(now)
        return turns

    def next_due(self) -> datetime | None:
        """When `tick` has something to do; `None` if nothing is under way."""
        return min((due for watch in self._watches.values() if (due := _due(watch)) is not None), default=None)

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
        if watch.alert is not None and watch.alert.state is AlertState.FIRING:
            # It goes on by what is new, however much came before.
            fresh = () if new is None else (new,)
            if new is not None and _other_half(watch.rule, fresh, now):
                return self._joined(watch, new)
            return self._firing(watch, counting(watch.rule.when, fresh, now), now, new)
        signals = list(watch.signals.values())
        counted = counting(watch.rule.when, signals, now)
        held = self._holds(watch.rule, signals, counted, now)
        if watch.alert is None:
            return self._begin(watch, counted, now) if held and new is not None else []
        return self._pending(watch, counted, now, held=held)

    def _holds(self, rule: Rule, signals: Sequence[Signal], counted: Sequence[Signal], now: datetime) -> bool:
        if not holds(rule.when, counted):
            return False
        if not all(holds(condition, counting(condition, signals, now)) for condition in rule.also):
            return False
        return not any(holds(condition, counting(condition, signals, now)) for condition in rule.unless)

    def _begin(self, watch: Watch, counted: Sequence[Signal], now: datetime) -> list[Turn]:
        rule, scope = watch.rule, watch.scope
        evidence = [*counted, *_other_half(rule, watch.signals.values(), now)]
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
        watch.alert = _supported(watch, new)
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
            watch.alert = replace(_supported(watch, new), last_signal_at=now)
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
            watch.forget(now - timedelta(minutes=longest))
            if watch.alert is None and not watch.signals:
                del self._watches[key]


def _other_half(rule: Rule, signals: Iterable[Signal], now: datetime) -> list[Signal]:
    """Those of the signals that hold the rule's other conditions, each once, oldest first."""
    others = [signal for signal in signals if not rule.when.counts(signal.kind)] if rule.also else []
    found = {signal.id: signal for condition in rule.also for signal in counting(condition, others, now)}
    return sorted(found.values(), key=lambda signal: (signal.at, signal.id))


def _supported(watch: Watch, new: Signal) -> Alert:
    """The alert with one signal more, at the level that all of its evidence at hand gives."""
    assert watch.alert is not None
    alert = _with_evidence(watch.alert, [new])
    everything = [*(watch.signals[name] for name in alert.signals if name in watch.signals), new]
    return replace(alert, level=max(alert.level, level_of(everything), key=lambda level: level.rank))


def _conditions(rule: Rule) -> tuple[Condition, ...]:
    return (rule.when, *rule.also, *rule.unless)


def _voice(rule: Rule, signal: Signal) -> tuple[object, ...]:
    """Signals of one voice are alike to every condition of the rule: who says it, of what kind, and what that counts for."""
    weights = (
        (condition.counts(signal.kind), counts_at_all(condition, signal), has_people(condition, signal))
        for condition in _conditions(rule)
    )
    return (signal.witness, signal.kind, *weights)


def _least_needed(voice: Sequence[Signal]) -> int:
    """The place of one whose report speaks twice, or else of the one after the first."""
    spoken = (place for place in range(1, len(voice)) if voice[place].report is not None)
    return next((place for place in spoken if voice[place].report == voice[place - 1].report), 1)


def merged(known: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    """Both, in order; sorted anew only where something is new."""
    fresh = set(more).difference(known)
    return tuple(sorted((*known, *fresh))) if fresh else known


def _most_of_one(rule: Rule) -> int:
    return max(MOST_OF_ONE, *(2 * condition.at_least for condition in _conditions(rule)))


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
        witnesses=merged(alert.witnesses, (signal.witness for signal in signals)),
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
