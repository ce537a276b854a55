"""Lexicons made ready for matching: every phrase of every language in matchers, every word class resolved.

Kazakh is compiled three times: as it is written, as it is typed without its letters, and as the skeleton in which
Latin and Arabic script meet. The latter two are only asked where the text is Kazakh.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from monitor.domain.kinds import EventKind, Family
from monitor.read.language import looks_kazakh
from monitor.read.lexicon import Lexicon, Scope
from monitor.read.mending import Mender
from monitor.read.owners import Canceller, Cause, Owner, Trigger, Turn, owner_of
from monitor.read.phrases import Element, Found, PhraseMatcher, changed, parse_phrases
from monitor.read.script import arabic_skeleton, folded, skeleton
from monitor.read.tokens import Text

CHANGES: Final[dict[str, Callable[[str], str]]] = {
    "plain": str,
    "folded": folded,
    "skeleton": skeleton,
    "arabic": arabic_skeleton,
}


WEIGHED: Final = "weighed"
"""Begins the names of rules that are no entry of a lexicon, but the sum of weights of words."""
WEIGHED_STRENGTH: Final = 0.5
_CLASS: Final = re.compile(r"@\w+")


class LexiconError(ValueError):
    """An entry that cannot be used; the message names it."""

    def __init__(self, entry: str, message: str) -> None:
        super().__init__(f"{entry}: {message}")
        self.entry = entry
        self.message = message


@dataclass(slots=True)
class _Form:
    """One way of writing: phrases that begin findings, and phrases that surround them."""

    triggers: list[tuple[int, tuple[Element, ...]]] = field(default_factory=list)
    context: list[tuple[int, tuple[Element, ...]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What an entry asks of its surroundings, as numbers of context groups."""

    needs: tuple[int, ...]
    needs_around: tuple[int, ...]
    needs_text: tuple[int, ...]
    unless: tuple[int, ...]
    unless_around: tuple[int, ...]
    unless_text: tuple[int, ...]
    spares: tuple[int, ...] = ()
    some: tuple[int, ...] = ()
    least: int = 0
    some_within: Scope = "around"
    or_placed: bool = False


class Compiled:
    """All lexicons together."""

    def __init__(self, lexicons: Sequence[Lexicon]) -> None:
        self.owners: list[Owner] = []
        """What each phrase belongs to, by number, and of which lexicon it is (`languages`)."""
        self.requirements: dict[int, Requirement] = {}
        self.languages: list[str] = []
        self.weighed: dict[tuple[str, EventKind], int] = {}
        """Whose it is what no phrase tells and all words together do, by language and kind."""
        self._groups: dict[tuple[str, tuple[str, ...]], int] = {}
        forms = {name: _Form() for name in CHANGES}
        for lexicon in lexicons:
            self._add(lexicon, forms)
        self.triggers = {name: PhraseMatcher(form.triggers) for name, form in forms.items()}
        self.context = {name: PhraseMatcher(form.context) for name, form in forms.items()}
        self._steps = self.context["plain"].steps_of()
        self.modifiers = {place: owner for place, owner in enumerate(self.owners) if isinstance(owner, Turn)}
        self.causes = {place: owner for place, owner in enumerate(self.owners) if isinstance(owner, Cause)}
        self._asked: dict[int, frozenset[int]] = {}
        self.noise = {place: owner for place, owner in enumerate(self.owners) if isinstance(owner, Canceller)}
        turning = [*self.modifiers, *self.causes, *self.noise]
        self._always: frozenset[int] = frozenset().union(
            *(self._steps.get(owner, frozenset()) for owner in turning),
            *(self._steps_asked(owner) for owner in turning if owner in self.requirements),
        )

    def find(
        self,
        matchers: dict[str, PhraseMatcher],
        text: Text,
        ways: Iterable[str],
        telling: Sequence[int],
        met: list[Found] | None = None,
        asked_by: Sequence[Found] | None = None,
    ) -> list[Found]:
        """Every phrase met inside a sentence in any of these ways of writing, without repeats.

        Args:
            matchers: those of triggers or of context.
            text: the text.
            ways: names of `CHANGES`.
            telling: where the words stand that may belong to a phrase.
            met: what was met as plainly written, if that was asked before.
            asked_by: triggers; of context only what these or nobody in particular ask for is looked for.
        """
        words, sentences = text.words, text.sentences
        found: dict[tuple[int, int, int], Found] = {}
        for way in ways:
            changed = words if way == "plain" else [CHANGES[way](word) for word in words]
            around = self._around(asked_by) if asked_by is not None and way == "plain" else None
            hits = met if met is not None and way == "plain" else matchers[way].find(changed, telling, around)
            for hit in hits:
                if sentences[hit.first] == sentences[hit.last] and not _is_month(words, hit):
                    found[hit.owner, hit.first, hit.last] = hit
        return sorted(found.values(), key=lambda hit: (hit.first, hit.last, hit.owner))

    def _around(self, triggers: Sequence[Found]) -> list[frozenset[int]]:
        """Around which elements plainly written context is looked for: those of these triggers, of noise and of modifiers."""
        owners = {found.owner for found in triggers}
        return [self._steps_asked(owner) for owner in owners] + [self._always]

    def _steps_asked(self, owner: int) -> frozenset[int]:
        known = self._asked.get(owner)
        if known is None:
            asked = self.requirements[owner]
            groups = (*asked.needs, *asked.needs_around, *asked.needs_text, *asked.unless, *asked.unless_around)
            all_groups = (*groups, *asked.unless_text, *asked.some, *asked.spares)
            known = frozenset().union(*(self._steps.get(group, frozenset()) for group in all_groups))
            self._asked[owner] = known
        return known

    def possible(self, triggers: Sequence[Found], words: Sequence[str], places: Sequence[int]) -> list[Found]:
        """Those of plainly written triggers of which nothing that they ask for is missing altogether.

        It is a look at single words and costs little; most ordinary texts that hold a trigger end here.
        """
        present = self.context["plain"].present(words, places)
        kept = {owner: self._may_hold(owner, present) for owner in {found.owner for found in triggers}}
        return [found for found in triggers if kept[found.owner]]

    def _may_hold(self, owner: int, present: frozenset[int]) -> bool:
        asked, steps = self.requirements[owner], self._steps
        for groups in (asked.needs, asked.needs_around, asked.needs_text):
            for group in groups:
                if present.isdisjoint(steps[group]):
                    return False
        return asked.or_placed or asked.least <= sum(not present.isdisjoint(steps[group]) for group in asked.some)

    def in_their_language(self, triggers: Sequence[Found], text: Text) -> list[Found]:
        """Without Kazakh triggers in sentences that are not Kazakh: Russian has «митинг», too, and its own rules for it."""
        sentences = {text.sentences[found.first] for found in triggers if self.languages[found.owner] == "kk"}
        if not sentences:
            return list(triggers)
        kazakh = {
            sentence
            for sentence, word in zip(text.sentences, text.words, strict=True)
            if sentence in sentences and looks_kazakh(word)
        }
        return [
            found for found in triggers if self.languages[found.owner] != "kk" or text.sentences[found.first] in kazakh
        ]

    def _add(self, lexicon: Lexicon, forms: dict[str, _Form]) -> None:
        _refuse_repeats(lexicon)
        for entry in lexicon.entries:
            place = self._own(owner_of(entry), lexicon)
            self._phrases(lexicon, entry.id, entry.any, place, forms, trigger=True)
            self.requirements[place] = Requirement(
                tuple(self._group(lexicon, entry.id, group, forms) for group in entry.needs),
                tuple(self._group(lexicon, entry.id, group, forms) for group in entry.needs_around),
                tuple(self._group(lexicon, entry.id, group, forms) for group in entry.needs_text),
                tuple(self._group(lexicon, entry.id, (phrase,), forms) for phrase in entry.unless),
                tuple(self._group(lexicon, entry.id, (phrase,), forms) for phrase in entry.unless_around),
                tuple(self._group(lexicon, entry.id, (phrase,), forms) for phrase in entry.unless_text),
                some=tuple(self._group(lexicon, entry.id, group, forms) for group in entry.some),
                least=entry.least if entry.some else 0,
                some_within=entry.some_within,
                or_placed=entry.or_placed,
            )
        for noise in lexicon.noise:
            place = self._own(owner_of(noise), lexicon)
            self._phrases(lexicon, noise.id, noise.any, place, forms, trigger=False)
            spares = tuple(self._group(lexicon, noise.id, (phrase,), forms) for phrase in noise.spares)
            self.requirements[place] = Requirement((), (), (), (), (), (), spares)
        for modifier in lexicon.modifiers:
            place = self._own(owner_of(modifier), lexicon)
            self._phrases(lexicon, modifier.id, modifier.any, place, forms, trigger=False)
            needs = tuple(self._group(lexicon, modifier.id, group, forms) for group in modifier.needs)
            self.requirements[place] = Requirement(needs, (), (), (), (), ())
        for cause in lexicon.causes:
            self._phrases(lexicon, cause.id, cause.any, self._own(owner_of(cause), lexicon), forms, trigger=False)
        for kind in EventKind:
            place = self._own(Trigger(f"{WEIGHED}.{kind}", kind, WEIGHED_STRENGTH, past=False, naming=False), lexicon)
            self.weighed[lexicon.language, kind] = place
            self.requirements[place] = Requirement((), (), (), (), (), ())

    def _own(self, owner: Owner, lexicon: Lexicon) -> int:
        self.owners.append(owner)
        self.languages.append(lexicon.language)
        return len(self.owners) - 1

    def _group(self, lexicon: Lexicon, entry: str, phrases: tuple[str, ...], forms: dict[str, _Form]) -> int:
        key = (lexicon.language, phrases)
        if key not in self._groups:
            self._groups[key] = self._own(f"{lexicon.language}:{' '.join(phrases)[:60]}", lexicon)
            self._phrases(lexicon, entry, phrases, self._groups[key], forms, trigger=False)
        return self._groups[key]

    def _phrases(
        self,
        lexicon: Lexicon,
        entry: str,
        phrases: tuple[str, ...],
        owner: int,
        forms: dict[str, _Form],
        *,
        trigger: bool,
    ) -> None:
        ways = list(CHANGES) if lexicon.language == "kk" else ["plain"]
        for phrase in _resolved(lexicon, entry, phrases):
            for way in ways:
                target = forms[way].triggers if trigger else forms[way].context
                try:
                    target += [(owner, elements) for elements in parsed(phrase, way)]
                except ValueError as error:
                    raise LexiconError(entry, str(error)) from None


def _is_month(words: Sequence[str], hit: Found) -> bool:
    """No march is told of by "On 22 March 2026"; the women of "8 March" may march."""
    if hit.first != hit.last or words[hit.first] != "march":
        return False
    return any(word.isdecimal() and word != "8" for word in words[max(0, hit.first - 1) : hit.first + 2])


def _refuse_repeats(lexicon: Lexicon) -> None:
    """An id is the reason of a hit: two rules of one name could not be told apart."""
    parts = (lexicon.entries, lexicon.noise, lexicon.modifiers, lexicon.causes)
    seen: set[str] = set()
    for name in [written.id for part in parts for written in part]:
        if name in seen:
            raise LexiconError(name, "this id stands twice in the file; each needs its own")
        seen.add(name)


def mender_of(lexicons: Sequence[Lexicon]) -> Mender:
    """What puts words right that are one letter away from these lexicons' own."""
    stems = _stems(lexicons)
    spared = [look for lexicon in lexicons for look in lexicon.look_alikes]
    return Mender(_long(stems, _LEAST_STEM), _long(stems, _LEAST_HIDDEN), spared)


def _stems(lexicons: Sequence[Lexicon]) -> set[tuple[str, str]]:
    """Language and beginning of each word that starts findings by itself."""
    return {
        (lexicon.language, stem)
        for lexicon in lexicons
        for entry in lexicon.entries
        for phrase in _resolved(lexicon, entry.id, entry.any)
        for elements in parsed(phrase, "plain")
        if len(elements) == 1
        for stem in (*elements[0].stems, *elements[0].words)
    }


def _resolved(lexicon: Lexicon, entry: str, phrases: Iterable[str]) -> list[str]:
    """The phrases with word classes put in: `@police` alone, or as an element of a phrase."""
    result: list[str] = []
    for phrase in phrases:
        if phrase.startswith("@") and " " not in phrase:
            result += _class(lexicon, entry, phrase)
            continue
        result.append(_CLASS.sub(lambda found: _put_in(lexicon, entry, found), phrase))
    return result


def _put_in(lexicon: Lexicon, entry: str, found: re.Match[str]) -> str:
    """The words of a class as alternatives: bare inside brackets, bracketed outside."""
    options = "|".join(_class(lexicon, entry, found.group()))
    before = found.string[: found.start()]
    return options if before.count("(") > before.count(")") else f"({options})"


def _class(lexicon: Lexicon, entry: str, name: str, within: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The words of a class; one that stands in another gives its words to it."""
    words = lexicon.classes.get(name[1:])
    if words is None:
        raise LexiconError(entry, f"unknown word class '{name}'; known: {', '.join(sorted(lexicon.classes))}")
    if name in within:
        raise LexiconError(entry, f"word class '{name}' holds itself")
    inner = (_class(lexicon, entry, word, (*within, name)) if word.startswith("@") else (word,) for word in words)
    return tuple(word for some in inner for word in some)


_LEAST_STEM: Final = {"ru": 8, "kk": 9, "en": 9}
_LEAST_HIDDEN: Final = {"ru": 5, "kk": 5, "en": 6}


@lru_cache(maxsize=30_000)
def parsed(phrase: str, way: str) -> tuple[tuple[Element, ...], ...]:
    """The elements of a phrase in a way of writing; each is parsed once, however many entries use it.

    Raises:
        ValueError: it is no phrase.
    """
    if way == "plain":
        return tuple(parse_phrases(phrase))
    return tuple(tuple(changed(element, CHANGES[way]) for element in elements) for elements in parsed(phrase, "plain"))


def _long(stems: Iterable[tuple[str, str]], least: Mapping[str, int]) -> set[str]:
    return {stem for language, stem in stems if len(stem) >= least[language]}


def concerns(targets: Sequence[Family | EventKind], kind: EventKind) -> bool:
    """Whether a list of families and kinds speaks of this kind; an empty list speaks of all."""
    return not targets or kind in targets or kind.family in targets
