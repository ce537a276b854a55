"""Rules as sentences, and what is wrong with a set of them. PURE."""

from collections.abc import Iterable, Sequence

from alerts.kind_words import FAMILIES, KINDS
from monitor.domain.alerts import Severity
from monitor.domain.ids import content_id
from monitor.domain.rules import Condition, Rule


def severity_of(rule: Rule) -> Severity:
    """The rule's severity as a number that can be compared."""
    return Severity[rule.severity.upper()]


def version_of(rule: Rule) -> str:
    """A hash of everything the rule says: each alert names it, so that a changed rule is another rule."""
    return content_id("rule", rule.model_dump_json())[:12]


def sentence(rule: Rule) -> str:
    """The rule as a person would say it."""
    parts = [f"When {_condition(rule.when)}, {_per(rule)}"]
    parts += [f"and at the same time {_condition(condition)}" for condition in rule.also]
    if rule.hold_minutes:
        parts.append(f"for at least {_minutes(rule.hold_minutes)}")
    parts += [f"unless {_condition(condition)}" for condition in rule.unless]
    told = "record it and tell nobody" if rule.shadow else f"tell {_receivers(rule)} as {rule.severity}"
    ended = f"It ends after {_minutes(rule.clear_minutes)} without anything new"
    if rule.cleared_by:
        ended = f"It ends {_minutes(rule.clear_minutes)} after it is said that {_names(KINDS[kind] for kind in rule.cleared_by)}"
    return f"{' '.join(parts)}, {told}. {ended}."


def _condition(condition: Condition) -> str:
    what = _names([KINDS[kind] for kind in condition.kinds] + [FAMILIES[family] for family in condition.families])
    says = "say" if condition.at_least > 1 else "says"
    sort = "measurement" if condition.measured else "report"
    reports = f"at least {condition.at_least} {sort}s" if condition.at_least > 1 else f"one {sort}"
    origin = f" from {condition.independent_sources} independent sources" if condition.independent_sources > 1 else ""
    tier = f" of tier {condition.tier_at_most} or better" if condition.tier_at_most < 4 else ""
    people = f", with {condition.people_at_least} people or more," if condition.people_at_least else ""
    return f"{reports}{origin}{tier} within {_minutes(condition.within_minutes)} {says} that {what}{people}"


def _per(rule: Rule) -> str:
    return {"region": "in one region", "city": "in one city", "country": "anywhere in the country"}[rule.per]


def _minutes(minutes: float) -> str:
    if minutes >= 120 and minutes % 60 == 0:
        return f"{minutes / 60:g} hours"
    return f"{minutes:g} minutes"


def _names(words: Iterable[str]) -> str:
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"


def _receivers(rule: Rule) -> str:
    return _names(rule.to) if rule.to else "the receivers of its severity"


def lint(rules: Sequence[Rule], receivers: Iterable[str]) -> list[tuple[str, str]]:
    """What cannot work, as (rule id, sentence)."""
    known = set(receivers)
    found: list[tuple[str, str]] = []
    for rule in rules:
        found += [(rule.id, f"unknown receiver or group '{name}'") for name in rule.to if name not in known]
        for condition in (rule.when, *rule.also, *rule.unless):
            if condition.independent_sources > condition.at_least:
                found.append((rule.id, "asks for more independent sources than reports: it asks for that many reports"))
    return found
