"""Names of people in a text: where they stand. PURE, linear in the text.

A name is told by what it is made of (a patronymic, initials, a given name with what stands beside it, the ending of a
surname) or by the word before it («активист …»). Streets and institutions that bear a name, places, and people and
bodies of the public allow list stay. Where it is unsure it masks: a masked place costs a look, a leaked name a life.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from monitor.read.masking_numbers import Span
from monitor.read.masking_shapes import (
    APART,
    BONES,
    NAME_ENDINGS,
    PLACE_ENDINGS,
    bone_of,
    is_adjective,
    is_given,
    is_patronymic,
    is_strong,
    is_surname,
    is_surname_here,
    plain,
)
from monitor.read.masking_words import (
    ALONE_UNSURE,
    NOT_NAMES,
    NOT_SURNAMES,
    ROLES,
    STREETS_AFTER,
    STREETS_ALONE,
    STREETS_BEFORE,
)

MOST_IN_A_NAME: Final = 4
LONGEST_WORD: Final = 40
_TOKEN: Final = re.compile(r"[^\W\d_]+(?:[-’'ʼ`][^\W\d_]+)*")
_STOP: Final = re.compile(r"[.!?…\n:«\"“(•–—]\s*[\"«“(]*\s*$")
_PLURAL: Final = re.compile(r"(?:[ыи]|ов|ев|ей|ам|ям|ами|ах|лар[^\W_]*|лер[^\W_]*|s)$")
_ROLE: Final = re.compile(
    r"^(?:" + "|".join(sorted((re.escape(stem) for stem in ROLES), key=len, reverse=True)) + r")[^\W_]{0,4}$"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the text."""

    text: str
    plain: str
    start: int
    end: int
    opens: bool

    @property
    def is_capital(self) -> bool:
        """Whether it begins with a capital letter; what is longer than any name does not count."""
        return self.text[0].isupper() and len(self.text) <= LONGEST_WORD

    @property
    def is_initial(self) -> bool:
        """Whether it is one capital letter (or Ж as «Дж»)."""
        return len(self.text) == 1 and self.text.isupper()


@dataclass(frozen=True)
class NameFinder:
    """Finds names of people.

    Attributes:
        people: each public person as the plain words of the whole name.
        words: plain words of institutions and titles that are no names of people.
        places: plain names of places.
    """

    people: Sequence[frozenset[str]] = ()
    words: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    _given_memory: dict[str, bool] = field(default_factory=dict, repr=False)

    def names(self, text: str) -> Iterator[Span]:
        """Where names of private people stand."""
        tokens = _tokens(text)
        place = 0
        while place < len(tokens):
            size = self._name_at(text, tokens, place)
            if size:
                found = tokens[place : place + size]
                if not self._is_public(found):
                    yield found[0].start, _end(text, found[-1]), "name"
                place += size
            else:
                place += 1

    def _name_at(self, text: str, tokens: Sequence[Token], place: int) -> int:
        """How many words of a name begin here; 0 if none does."""
        run = self._run(text, tokens, place)
        if not run or self._is_street(text, tokens, place, len(run)):
            return 0
        size = max(self._with_initials(text, run), self._with_patronymic(run), self._with_given(run))
        if not size and place and self._is_role(text, tokens[place - 1], run[0]):
            size = self._after_role(run, is_plural=bool(_PLURAL.search(tokens[place - 1].plain)))
        return size or self._alone(text, tokens, place)

    def _run(self, text: str, tokens: Sequence[Token], place: int) -> list[Token]:
        """Words with capitals that stand together and may be parts of one name."""
        run: list[Token] = []
        for token in tokens[place : place + MOST_IN_A_NAME]:
            if run and not _together(text, run[-1], token):
                break
            apart = token.plain in APART and bool(run)
            after_given = bool(run) and self._is_given(run[-1].plain)
            if not apart and (not token.is_capital or self._is_other(token, after_given=after_given)):
                break
            run.append(token)
        return run

    def _is_other(self, token: Token, *, after_given: bool) -> bool:
        """A word with a capital that is certainly not part of a name."""
        if token.is_initial:
            return False
        word = token.plain
        if (
            word in NOT_NAMES
            or self._is_known(word)
            or _is_acronym(token, is_given=after_given or self._is_given(word))
        ):
            return True
        return is_adjective(word) and not after_given

    def _is_known(self, word: str) -> bool:
        return word in self.words or any(
            word[:-cut] in self.words and word[-cut:] in PLACE_ENDINGS for cut in range(1, 5) if len(word) - cut > 3
        )

    def _is_place(self, word: str) -> bool:
        if word in self.places:
            return True
        if is_surname(word):
            return False
        return any(
            word[:-cut] in self.places and word[-cut:] in PLACE_ENDINGS for cut in range(1, 5) if len(word) - cut > 3
        )

    def _with_initials(self, text: str, run: Sequence[Token]) -> int:
        """«А. Б. Иванов», «Иванов А.Б.»."""
        if run[0].is_initial:
            count = next((place for place, token in enumerate(run) if not token.is_initial), 0)
            dotted = all(text[token.end : token.end + 1] == "." for token in run[:count])
            whole = (
                count
                and dotted
                and len(run[count].plain) > 2
                and (is_surname(run[count].plain) or not self._is_place(run[count].plain))
            )
            return count + 1 if whole else 0
        dotted_after = [token for token in run[1:3] if token.is_initial and text[token.end : token.end + 1] == "."]
        if not dotted_after or not run[1].is_initial or (self._is_place(run[0].plain) and not is_surname(run[0].plain)):
            return 0
        likely = len(dotted_after) == 2 or is_surname(run[0].plain)
        return 1 + len(dotted_after) if likely else 0

    def _with_patronymic(self, run: Sequence[Token]) -> int:
        for place, token in enumerate(run[:3]):
            if token.plain in APART or is_patronymic(token.plain):
                following = run[place + 1] if place + 1 < len(run) else None
                takes_next = (
                    following is not None
                    and place < 2
                    and not self._is_place(following.plain)
                    and len(following.plain) > 2
                )
                return place + 1 + takes_next
        return 0

    def _with_given(self, run: Sequence[Token]) -> int:
        if len(run) < 2:
            return 0
        first, second = run[0].plain, run[1].plain
        if len(second) < 2:
            return 0
        if self._is_given(first) and not (self._is_place(second) and not is_surname_here(second)):
            likely = (
                is_surname_here(second) or self._is_given(second) or (first not in ALONE_UNSURE and len(second) > 2)
            )
            third = len(run) > 2 and likely and is_surname(run[2].plain)
            return 2 + third if likely else 0
        if self._is_given(second) and is_surname(first):
            return 2
        # A given name that no list holds: «Сейтказы Матаев». A verb that opens the sentence is none.
        unknown = not self._is_place(first) and first not in NOT_SURNAMES and not (run[0].opens and _is_verb(first))
        return 2 if unknown and len(first) > 2 and is_surname(second) and not self._is_place(second) else 0

    def _is_given(self, word: str) -> bool:
        """A given name in any case and script; a place of exactly that spelling is none («Алматы» is no case of Алмат)."""
        if word not in self._given_memory:
            if len(self._given_memory) > 20_000:
                self._given_memory.clear()
            short = len(word) < 40 and (word not in self.places or bone_of(word) in BONES)
            self._given_memory[word] = short and any(is_given(part) for part in word.split("-"))
        return self._given_memory[word]

    def _is_role(self, text: str, token: Token, following: Token) -> bool:
        return (
            bool(_ROLE.match(token.plain))
            and re.fullmatch(r"[\s\u00a0:—–-]{1,4}", text[token.end : following.start]) is not None
        )

    def _after_role(self, run: Sequence[Token], *, is_plural: bool) -> int:
        """After «активист»: two or three words with capitals, or one (after «активисты» only if it looks like a name)."""
        words = [token.plain for token in run if not token.is_initial]
        if self._is_place(words[0]) if words else True:
            return 0
        one = is_surname_here(words[0]) or self._is_given(words[0])
        if len(run) >= 2 and not self._is_place(run[1].plain) and len(run[0].plain) > 2 and len(run[1].plain) > 2:
            return 2 if not one or not is_surname(run[-1].plain) else min(3, len(run))
        return 1 if one or not is_plural else 0

    def _alone(self, text: str, tokens: Sequence[Token], place: int) -> int:
        """One word by itself: the ending of a surname, or a given name that is nothing else."""
        token = tokens[place]
        word = token.plain
        if (
            token.is_initial
            or len(word) < 4
            or self._is_place(word)
            or word in NOT_SURNAMES
            or self._is_near_street(tokens, place)
        ):
            return 0
        if _is_acronym(token, is_given=False):
            return 0
        surname = is_surname(word) and (not token.opens or _opens_as_name(tokens, place))
        given = (
            self._is_given(word)
            and word not in ALONE_UNSURE
            and not any(word[:-cut] in ALONE_UNSURE for cut in (1, 2, 3))
        )
        return 1 if surname or given else 0

    def _is_street(self, text: str, tokens: Sequence[Token], place: int, size: int) -> bool:
        """Whether the words name a street, a square or an institution."""
        before = tokens[place - 1].plain if place else ""
        by_name = before == "имени" and place > 1 and tokens[place - 2].plain == "по"
        if before in STREETS_BEFORE and not by_name and tokens[place].start - tokens[place - 1].end <= 3:
            return True
        for last in range(place, min(place + size, len(tokens) - 1)):
            if tokens[last + 1].plain in STREETS_AFTER and tokens[last + 1].start - tokens[last].end <= 2:
                return True
        return False

    def _is_near_street(self, tokens: Sequence[Token], place: int) -> bool:
        """«на Сатпаева», «угол Абая и Сатпаева»: a name of a street without its word."""
        word, before = tokens[place].plain, tokens[place - 1].plain if place else ""
        earlier = {token.plain for token in tokens[max(0, place - 5) : place]}
        streets = before in {"на", "по"} and word in STREETS_ALONE
        crossing = bool(
            earlier
            & {
                "угол",
                "углу",
                "пересечении",
                "пересечение",
                "перекрестке",
                "перекресток",
                "улиц",
                "проспектов",
                "вдоль",
            }
        )
        return streets or crossing

    def _is_public(self, found: Sequence[Token]) -> bool:
        """Whether all these words belong to the name of one public person, more than a given name among them."""
        words = [token.plain for token in found if token.plain not in APART]
        if all(self._is_given(word) for word in words if len(word) > 1):
            return False
        near = self._people_by_beginning.get(max(words, key=len)[:3], ())
        return any(_belongs(words, person) for person in near)

    @cached_property
    def _people_by_beginning(self) -> dict[str, list[frozenset[str]]]:
        index: dict[str, list[frozenset[str]]] = {}
        for person in self.people:
            for beginning in {word[:3] for word in person}:
                index.setdefault(beginning, []).append(person)
        return index


_UNSURE: Final = frozenset(bone_of(plain(word)) for word in ALONE_UNSURE)


def _belongs(words: Sequence[str], person: frozenset[str]) -> bool:
    longest = [word for word in words if len(word) > 1]
    initials = [word for word in words if len(word) == 1]
    if not longest or not all(any(_same(word, part) for part in person) for word in longest):
        return False
    return all(any(part.startswith(letter) for part in person) for letter in initials)


def _same(word: str, part: str) -> bool:
    """Whether a word is this part of a name in some case: «Назарбаеву», not «Ахметова» of «Ахмет»."""
    if word == part:
        return True
    stem = part[:-1] if part[-1] in "аяйьыи" and len(part) > 4 else part
    return word.startswith(stem) and (word[len(stem) :] in PLACE_ENDINGS or word[len(stem) :] in NAME_ENDINGS)


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        before = text[max(0, match.start() - 4) : match.start()]
        opens = match.start() == 0 or bool(_STOP.search(before)) or not before.strip()
        word = match.group()
        word = word[:-2] if word.endswith(("'s", "’s")) and len(word) > 3 else word
        found.append(Token(word, plain(word), match.start(), match.start() + len(word), opens))
    return found


def _together(text: str, left: Token, right: Token) -> bool:
    gap = text[left.end : right.start]
    if len(gap) > 3:
        return False
    if gap.startswith("."):
        return left.is_initial and gap.strip(".\u00a0 ") == ""
    return bool(gap) and gap.strip(" \u00a0\u202f\t") == ""


def _end(text: str, token: Token) -> int:
    return token.end + (token.is_initial and text[token.end : token.end + 1] == ".")


def _is_verb(word: str) -> bool:
    """Whether a first word of a sentence ends as verbs and participles do."""
    return word.endswith(("ли", "ла", "ло", "ал", "ил", "ел", "ет", "ит", "ся", "ан", "ен", "ана", "ена", "ed", "ing"))


def _opens_as_name(tokens: Sequence[Token], place: int) -> bool:
    """Whether the first word of a sentence is a surname and no genitive plural («Активистов задержали»)."""
    word = tokens[place].plain
    if word.isascii() or is_strong(word) or word.endswith(("ова", "ева", "аев", "иев", "ыев")):
        return True
    following = tokens[place + 1].plain if place + 1 < len(tokens) else ""
    return not _ROLE.match(word) and following.endswith(("ил", "ал", "ел", "ял", "лся", "ан", "ен"))


def _is_acronym(token: Token, *, is_given: bool) -> bool:
    """«КНБ», «ДЧС»: up to four capitals that are no given name. Longer words may be names in a headline's capitals."""
    return token.text.isupper() and len(token.plain) <= 4 and not is_given
