"""From phrases met to findings: each trigger is weighed in its surroundings, and what says the same is joined."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from itertools import islice
from typing import Final

from monitor.domain.kinds import EventKind, Family
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.signals import Finding, Hit
from monitor.read.compiled import Compiled, Requirement, concerns
from monitor.read.context import tells_of_a_day, tells_of_another_year, years
from monitor.read.counted import counted
from monitor.read.counts import CountHit, counts
from monitor.read.denials import is_claimed, is_quoted
from monitor.read.language import looks_kazakh
from monitor.read.lexicon import Scope
from monitor.read.mentions import Mention, Named
from monitor.read.owners import Canceller, Cause, Trigger, Turn
from monitor.read.phrases import Found
from monitor.read.tokens import Text
from monitor.read.whereabouts import Where, where

NEAR_WORDS: Final = 4
AROUND_SENTENCES: Final = 2
"""How many sentences before and after an event its other parts may be told."""
_MANY: Final = 40
_REASONS: Final = 12
LEAST_STRENGTH: Final = 0.3
"""Weaker findings are not worth a line (0..1)."""

_COURTS: Final = {Family.PROSECUTION, Family.CUSTODY}
_REFUSALS: Final = {EventKind.POLICE_PREVENTIVE, EventKind.ASSEMBLY_PERMIT_DENIED}
_AT_RALLIES: Final = {EventKind.POLICE_DETENTION, EventKind.POLICE_FORCE, EventKind.POLICE_KETTLING}
"""Where police act so, there was a rally."""
_COUNTRYWIDE: Final = {Family.NET, Family.STATE}
"""Families for which "in the whole country, also in Almaty" means the whole country."""


@dataclass(slots=True)
class Surroundings:
    """A text with all that stands around its triggers."""

    text: Text
    compiled: Compiled
    context: Sequence[Found]
    mentions: Sequence[Mention]
    published_at: datetime | None
    home_region: str | None
    _by_owner: dict[int, list[Found]] = field(default_factory=dict, init=False)
    _counts: list[CountHit] | None = field(default=None, init=False)
    _years: list[int] | None = field(default=None, init=False)
    _owners: dict[type, list[int]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Sort the context by what it belongs to."""
        for found in self.context:
            self._by_owner.setdefault(found.owner, []).append(found)

    def met(self, owner: int, trigger: Found, scope: Scope) -> Found | None:
        """Something of this owner within the scope of a trigger; words of the trigger itself do not count nearby."""
        return next(self.all_met(owner, trigger, scope), None)

    def all_met(self, owner: int, trigger: Found, scope: Scope) -> Iterator[Found]:
        """Everything of this owner within the scope of a trigger, in order."""
        for found in self._around(owner, trigger, scope):
            if found.first <= trigger.last and found.last >= trigger.first and scope in {"near", "sentence"}:
                inside = trigger.first <= found.first and found.last <= trigger.last
                if not inside or found.last - found.first < trigger.last - trigger.first:
                    yield found
            elif scope == "text" or self._reaches(found, trigger, scope):
                yield found

    def _around(self, owner: int, trigger: Found, scope: Scope) -> Sequence[Found]:
        """What was met of this owner; of very many, those around the trigger."""
        found = self._by_owner.get(owner, ())
        if len(found) <= _MANY or scope in {"text", "item"}:
            return found
        place = bisect_left(found, trigger.first, key=lambda hit: hit.first)
        return found[max(0, place - _MANY // 2) : place + _MANY // 2]

    def _reaches(self, found: Found, trigger: Found, scope: Scope) -> bool:
        if scope == "item":
            return self.text.item(found.first) == self.text.item(trigger.first)
        if scope == "opening":
            return self.text.sentences[found.first] - self.text.sentences[0] <= 1
        apart = abs(self.text.sentences[found.first] - self.text.sentences[trigger.first])
        if apart > (AROUND_SENTENCES if scope == "around" else 0):
            return False
        gap = max(found.first - trigger.last, trigger.first - found.last)
        return scope != "near" or gap <= NEAR_WORDS

    def looks_kazakh(self, trigger: Found) -> bool:
        """Whether a word of the trigger's sentence has Kazakh letters or endings."""
        return any(looks_kazakh(self.text.words[place]) for place in self.text.sentence(trigger.first))

    def owners(self, kind: type) -> list[int]:
        """Owners of that type that were met at all, in order."""
        if kind not in self._owners:
            self._owners[kind] = sorted(
                owner for owner in self._by_owner if isinstance(self.compiled.owners[owner], kind)
            )
        return self._owners[kind]

    def trigger_of(self, found: Found) -> Trigger:
        """What a phrase that points to an event belongs to."""
        owner = self.compiled.owners[found.owner]
        assert isinstance(owner, Trigger)
        return owner

    def named(self) -> Iterator[tuple[Named, int]]:
        """Places and where each stands, but for datelines."""
        return ((mention.place, mention.first) for mention in self.mentions if not mention.in_dateline)

    def numbers(self) -> list[CountHit]:
        """Numbers of the text, read once."""
        if self._counts is None:
            self._counts = counts(self.text)
        return self._counts

    def years(self) -> list[int]:
        """Where the text names years, looked for once."""
        if self._years is None:
            self._years = years(self.text)
        return self._years

    def hit(self, rule: str, first: int, last: int) -> Hit:
        """A reason with its words as they stand in the original."""
        start, end = self.text.starts[first], self.text.ends[last]
        return Hit(rule, self.text.original[start:end], start, end)


def findings(around: Surroundings, triggers: Sequence[Found]) -> tuple[Finding, ...]:
    """What the triggers come to, strongest first; the same kind in the same regions is one finding."""
    joined: dict[tuple[EventKind, tuple[str, ...]], Finding] = {}
    weighed = [(trigger, finding) for trigger in triggers if (finding := weigh(around, trigger)) is not None]
    for finding in _without_background(around, weighed):
        key = (finding.kind, finding.regions)
        joined[key] = _join(joined[key], finding) if key in joined else finding
    ordered = sorted(
        _without_vague(joined.values()), key=lambda finding: (-finding.strength, finding.kind.value, finding.regions)
    )
    return tuple(finding for finding in ordered if finding.strength >= LEAST_STRENGTH)


def weigh(around: Surroundings, trigger: Found, *, heeds_noise: bool = True) -> Finding | None:
    """One trigger in its surroundings; `None` where they forbid it."""
    entry = around.trigger_of(trigger)
    requirement = around.compiled.requirements[trigger.owner]
    reasons = _needed(around, trigger, requirement)
    if reasons is None:
        return None
    causes = _causes(around, trigger, entry.kind)
    excused = any(cause.technical for cause, _ in causes)
    doubtful = _forbidden(around, trigger, requirement) or (heeds_noise and _noisy(around, trigger, entry.kind))
    if doubtful and not excused:
        return None
    effects = _effects(around, trigger, entry.kind)
    denied = "denied" in effects or {"negated", "official"} <= effects.keys()
    if "absent" in effects or (not denied and effects.keys() & {"negated", "hypothetical"}):
        return None
    place = _where(around, trigger, entry.kind)
    if place is None:
        return None
    kind = EventKind.NET_OUTAGE if doubtful else _kind(entry.kind, place)
    past = entry.past or ("today" not in effects and _tells_the_past(around, trigger, effects))
    strength = entry.strength * (0.75 if "announced" in effects else 1.0) * (0.7 if not place.regions else 1.0)
    return Finding(
        kind=kind,
        regions=place.regions,
        places=place.places,
        strength=round(strength, 3),
        counts=counted(around.text, around.numbers(), trigger, entry.kind),
        denied=denied,
        claimed=denied and is_claimed(around.text, trigger, effects.get("denied", effects.get("negated", ())), effects),
        past=past,
        because=(
            around.hit(entry.id, trigger.first, trigger.last),
            *(around.hit(f"{entry.id}:near", found.first, found.last) for found in reasons),
            *(around.hit(cause.id, found.first, found.last) for cause, found in causes),
        ),
    )


def _tells_the_past(around: Surroundings, trigger: Found, effects: Mapping[str, Sequence[Found]]) -> bool:
    """Whether words or a year say so, and no day of this week; what the event's own words say stands («в январе погибли»)."""
    past = effects.get("past", ())
    if any(found.first <= trigger.last and found.last >= trigger.first for found in past):
        return True
    if tells_of_a_day(around.text, trigger, around.published_at):
        return False
    return bool(past) or tells_of_another_year(around.text, around.years(), trigger, around.published_at)


def _needed(around: Surroundings, trigger: Found, requirement: Requirement) -> list[Found] | None:
    reasons: list[Found] = []
    scopes = (
        (requirement.needs, "sentence"),
        (requirement.needs_around, "around"),
        (requirement.needs_text, "text"),
    )
    for groups, scope in scopes:
        for group in groups:
            found = around.met(group, trigger, scope)  # type: ignore[arg-type]
            if found is None:
                return None
            reasons.append(found)
    parts = [around.met(group, trigger, requirement.some_within) for group in requirement.some]
    told = [found for found in parts if found is not None]
    enough = len(told) >= requirement.least or (requirement.or_placed and _is_placed(around, trigger))
    return reasons + told if enough else None


def _is_placed(around: Surroundings, trigger: Found) -> bool:
    """Whether a place of ours, and no mere hint at one, is named in its sentence."""
    sentences = around.text.sentences
    here = sentences[trigger.first]
    return any(place.region and not place.weak and sentences[first] == here for place, first in around.named())


def _forbidden(around: Surroundings, trigger: Found, requirement: Requirement) -> bool:
    here = any(around.met(group, trigger, "sentence") for group in requirement.unless)
    beside = here or any(around.met(group, trigger, "around") for group in requirement.unless_around)
    return beside or any(around.met(group, trigger, "item") for group in requirement.unless_text)


def _noisy(around: Surroundings, trigger: Found, kind: EventKind) -> bool:
    languages = around.compiled.languages
    for owner in around.owners(Canceller):
        noise = around.compiled.noise[owner]
        if not _heard(around, languages[owner], languages[trigger.owner], trigger):
            continue
        if not concerns(noise.cancels, kind) or around.met(owner, trigger, noise.scope) is None:
            continue
        if not any(around.met(group, trigger, "sentence") for group in around.compiled.requirements[owner].spares):
            return True
    return False


def _heard(around: Surroundings, noise: str, language: str, trigger: Found) -> bool:
    """Harmless words count for their own language, the Kazakh also for a Russian word in a Kazakh sentence («митинг»)."""
    return noise == language or (noise == "kk" and language == "ru" and around.looks_kazakh(trigger))


def _causes(around: Surroundings, trigger: Found, kind: EventKind) -> list[tuple[Cause, Found]]:
    """Causes that are named beside a loss of the network."""
    if kind.family is not Family.NET or kind is EventKind.NET_RESTORED:
        return []
    met = ((around.compiled.causes[owner], owner) for owner in around.owners(Cause))
    found = ((cause, around.met(owner, trigger, cause.scope)) for cause, owner in met)
    return [(cause, hit) for cause, hit in found if hit is not None]


def _effects(around: Surroundings, trigger: Found, kind: EventKind) -> dict[str, list[Found]]:
    """How its surroundings turn it, and by which words: of a denial all, else the first."""
    effects: dict[str, list[Found]] = {}
    for owner in around.owners(Turn):
        modifier = around.compiled.modifiers[owner]
        everything = modifier.effect == "denied"
        if (modifier.effect in effects and not everything) or not concerns(modifier.kinds, kind):
            continue
        met = (found for found in around.all_met(owner, trigger, modifier.scope) if _has_needs(around, owner, found))
        if told := list(met if everything else islice(met, 1)):
            effects.setdefault(modifier.effect, []).extend(told)
    return effects


def _has_needs(around: Surroundings, owner: int, found: Found) -> bool:
    """Whether the sentence of a turning phrase has what it asks for; «ДП: «Силу не применяли»» needs no verb of saying."""
    groups = around.compiled.requirements[owner].needs
    missing = [group for group in groups if around.met(group, found, "sentence") is None]
    if not missing:
        return True
    spoken = around.compiled.modifiers[owner].spoken and missing == [groups[-1]]
    return spoken and is_quoted(around.text, found)


def _where(around: Surroundings, trigger: Found, kind: EventKind) -> Where | None:
    """Where it is; `None` where it is abroad."""
    # «Не открывается из Казахстана»: a block is where it is seen from, a person from here may be held anywhere.
    seen_from = kind.family in {Family.NET, Family.MEDIA}
    found = where(around.text, around.mentions, trigger.first, trigger.last, seen_from=seen_from)
    if found.is_foreign:
        return None
    if found.is_countrywide and kind.family in _COUNTRYWIDE:
        return replace(found, regions=(WHOLE_COUNTRY,))
    if not found.regions and around.home_region:
        return Where(regions=(around.home_region,), rule="home of the source")
    return found


def _kind(kind: EventKind, place: Where) -> EventKind:
    """A cut is national or local by where it is said to be."""
    if kind not in {EventKind.NET_BLACKOUT_NATIONAL, EventKind.NET_BLACKOUT_LOCAL}:
        return kind
    national = place.regions == (WHOLE_COUNTRY,) or len(place.regions) >= 5
    return EventKind.NET_BLACKOUT_NATIONAL if national else EventKind.NET_BLACKOUT_LOCAL


def _join(left: Finding, right: Finding) -> Finding:
    """Two reasons for the same thing: surer than each alone, never certain."""
    strength = 1 - (1 - left.strength) * (1 - right.strength * 0.5)
    hits = {(hit.rule, hit.start, hit.end): hit for hit in (*left.because, *right.because)}
    return Finding(
        kind=left.kind,
        regions=left.regions,
        places=tuple(dict.fromkeys((*left.places, *right.places))),
        strength=round(min(strength, 0.98), 3),
        counts={**right.counts, **left.counts},
        denied=left.denied or right.denied,
        claimed=(left.denied or right.denied) and (left.stands or right.stands),
        past=left.past and right.past,
        because=_foremost(hits.values()),
    )


def _without_background(around: Surroundings, weighed: Sequence[tuple[Found, Finding]]) -> list[Finding]:
    """«Арестовали за пост о митинге», «не разрешили митинг»: what a court or a refusal is about, in its own sentence, is no news.

    Where police act against a rally there is one, and a rally told in a sentence of its own is one whatever else is told.
    """
    if any(finding.kind in _AT_RALLIES for _, finding in weighed):
        return [finding for _, finding in weighed]
    sentences = around.text.sentences
    about = {sentences[trigger.first] for trigger, finding in weighed if _is_about_others(finding.kind)}
    return [
        finding
        for trigger, finding in weighed
        if not (around.trigger_of(trigger).naming and sentences[trigger.first] in about)
        or "participants" in finding.counts
    ]


def _is_about_others(kind: EventKind) -> bool:
    return kind in _REFUSALS or kind.family in _COURTS


def _foremost(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """At most twelve reasons as they stand in the text; rules go before what they needed nearby."""
    kept = sorted(hits, key=lambda hit: (":" in hit.rule, hit.start, hit.end, hit.rule))[:_REASONS]
    return tuple(sorted(kept, key=lambda hit: (hit.start, hit.end, hit.rule)))


def _without_vague(joined: Iterable[Finding]) -> Iterator[Finding]:
    """A kind found both at a place and nowhere is found at that place; where that is the only one, for both reasons."""
    by_kind: dict[EventKind, list[Finding]] = {}
    for finding in joined:
        by_kind.setdefault(finding.kind, []).append(finding)
    for same in by_kind.values():
        placed = [finding for finding in same if finding.regions and finding.regions != (WHOLE_COUNTRY,)]
        firm = placed or [finding for finding in same if finding.regions] or same
        yield from [reduce(_join, [*firm, *(vague for vague in same if vague not in firm)])] if len(firm) == 1 else firm
