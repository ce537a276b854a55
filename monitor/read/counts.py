"""How many people (or days, or tenge): numbers with what they count, as honest intervals. See docs/counts.md.

Exact stays exact; "more than 50" is [50, open]; "about 50" is a tenth to each side; "up to 50" is [1, 50];
"dozens" is [20, open], "hundreds" [200, open], "thousands" [2000, open]; "from 20 to 30" is [20, 30].
Of a number and its correction the later counts; what an official and others say of the same is one wide interval.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.read.counts_numbers import Number, is_person, numbers
from monitor.read.counts_sides import other_side
from monitor.read.counts_things import counts_nobody
from monitor.read.counts_words import (
    AND,
    BROUGHT,
    DEAD,
    EARLIER,
    HOSPITALS,
    NOW,
    OF_THEM,
    PAIRS,
    PART,
    PLAINCLOTHES,
    POLICE,
    POLICE_STAFF,
    REACHED,
    ROLES,
    SAYS,
    SOME_OF_THEM,
    SUSPECTS,
    THEY,
    TOOK_PART,
    TOTAL,
)
from monitor.read.tokens import Text

NEAR_WORDS: Final = 9
"""How far from its number the word may stand that says what was counted."""
_BEYOND: Final = 5
"""How much farther a word is that stands beyond another number."""
_ASIDE: Final = 6
"""Words of an aside that names who says the number."""
UNSAID: Final = "unsaid"
"""The role of a number of which no word says what it counts: whoever gathered, where nobody else is counted."""
_FEWEST: Final = 3
_AT_ONCE: Final = 3
"""How far behind its number the word for people may stand, where its ending alone tells that they are people."""


@dataclass(frozen=True, slots=True)
class CountHit:
    """A number of something.

    Attributes:
        role: detained, injured, killed, participants, days, fine, released, charged.
        high: `None` for "or more".
    """

    role: str
    low: int
    high: int | None
    first: int
    last: int


def counts(text: Text) -> list[CountHit]:
    """Every number in the text that counts people, days of arrest or a fine."""
    found = [number for number in numbers(text) if not counts_nobody(text, number)]
    taken = frozenset(place for number in found for place in range(number.first, number.last + 1))
    hits: list[CountHit] = []
    unsaid: list[CountHit] = []
    for number in found:
        if hits and _corrects(text, hits[-1], number):
            hits[-1] = replace(hits[-1], low=number.low, high=number.high, first=number.first, last=number.last)
        elif hits and _contradicts(text, hits[-1], number):
            hits[-1] = _wider(hits[-1], number)
        elif (role := _role(text, number, taken)) is None:
            if number.low >= _FEWEST and _counts_people(text, number):
                unsaid.append(CountHit(UNSAID, number.low, number.high, number.first, number.last))
        elif not _is_part(text, hits[-1:], number, role):
            if role == "days" and hits and _are_both(text, hits[-1], number):
                hits[-1] = replace(hits[-1], role=role)
            hits.append(CountHit(role, number.low, number.high, number.first, number.last))
    return sorted([*hits, *unsaid], key=lambda hit: hit.first)


def _are_both(text: Text, hit: CountHit, number: Number) -> bool:
    """«10 және 15 тәулікке», "10 and 15 days": the unit is said once."""
    return number.first - hit.last == 2 and text.words[hit.last + 1] in AND and hit.high == hit.low


def _counts_people(text: Text, number: Number) -> bool:
    """Whether a word in lower case follows at once, and no police: «38 мужиков», "35 paediatric nurses"."""
    after = number.last + 1
    if (
        _are_police(text.words[after : after + _AT_ONCE] or [""])
        or after >= len(text.words)
        or text.sentences[after] != text.sentences[number.first]
    ):
        return False
    gap = text.original[text.ends[number.last] : text.starts[after]]
    return gap in {" ", "\u00a0", "-"} and text.original[text.starts[after]].islower() and len(text.words[after]) > 2


def is_total(text: Text, hit: CountHit) -> bool:
    """Whether it sums up: «всего бастуют 700», "a total of 20"."""
    return any(word in TOTAL for word in text.words[max(0, hit.first - 4) : hit.first])


def _corrects(text: Text, hit: CountHit, number: Number) -> bool:
    """«Ранее сообщалось о 20 задержанных, теперь их 35»: the later number takes the place of the earlier one."""
    if hit.role in {"days", "fine"} or text.sentences[number.first] - text.sentences[hit.first] > 1:
        return False
    before = text.words[max(0, hit.first - _BEYOND) : hit.first]
    between = text.words[hit.last + 1 : number.first]
    return any(word in EARLIER for word in before) and any(word in NOW for word in between[-NEAR_WORDS:])


def _contradicts(text: Text, hit: CountHit, number: Number) -> bool:
    """Whether it is another side's figure for the same."""
    if hit.role not in {"detained", "participants", "killed", "injured"}:
        return False
    around = set(_roles_around(text, number))
    return around <= {hit.role, "participants"} and other_side(text, hit.first, hit.last, number)


def _wider(hit: CountHit, number: Number) -> CountHit:
    high = None if hit.high is None or number.high is None else max(hit.high, number.high)
    return replace(hit, low=min(hit.low, number.low), high=high, last=number.last)


def _is_part(text: Text, last: Sequence[CountHit], number: Number, role: str) -> bool:
    """«В том числе трое», "two of them": some of those just counted, and not how many they are.

    Not so where it tells what became of some who came: «вышли 200 человек, 15 из них задержали».
    """
    if role in {"days", "fine", "killed"}:
        return False
    before = text.words[max(0, number.first - 3) : number.first]
    if any(word in PART for word in before[-2:]) or before[-2:-1] == ["среди"]:
        return True
    came = any(hit.role == "participants" for hit in last) and role != "participants"
    after = tuple(text.words[number.last + 1 : number.last + 3])
    apart = bool(after) and _is_cut(text, number.last, number.last + 1)
    of_them = (after in OF_THEM and not apart) or any(pair in OF_THEM for pair in itertools.pairwise(before))
    # «Задержали 17, отпустили 14 из них»: what was done to some is told of some.
    other = any(hit.role != role for hit in last) and role in {"released", "injured", "charged"}
    return bool(last) and not came and not other and of_them


def _role(text: Text, number: Number, taken: frozenset[int]) -> str | None:
    nearest = _nearest(text, number, taken)
    if not nearest and any(word.startswith(REACHED) for word in text.words[max(0, number.first - 3) : number.first]):
        return _risen(text, number)
    for role in ("days", "fine"):
        if nearest.get(role, 99) <= 2:
            return role
        nearest.pop(role, None)
    following = text.words[number.last + 1 : number.last + 1 + _AT_ONCE]
    if following and _are_police(following):
        nearest = {role: distance for role, distance in nearest.items() if role in {"killed", "injured", "charged"}}
    elif not nearest and (
        any(is_person(word) for word in following)
        or _are_they(text, number)
        or text.words[number.first] in SOME_OF_THEM
    ):
        return "participants"
    if "detained" in nearest and any(word.startswith(SUSPECTS) for word in following):
        nearest.pop("charged", None)
    # «Задержали 20 человек»: what was done to them says more than that they are people.
    done = {role: distance for role, distance in nearest.items() if role != "participants"}
    return min(done or nearest, key=lambda role: (done or nearest)[role], default=None)


def _nearest(text: Text, number: Number, taken: frozenset[int]) -> dict[str, int]:
    """How near the words of its clause are that say what a number counts, by role."""
    nearest: dict[str, int] = {}
    for place in _clause(text, number):
        role = _role_of(text.words[place]) or _role_of_pair(text, place)
        if role == "injured" and text.words[place].startswith(HOSPITALS) and not _are_brought(text, number, place):
            # «Матери стоят у больницы», «медики скорой»: a hospital hurts nobody.
            continue
        if role is not None:
            # What follows a number says more about it than what stands before.
            distance = place - number.last if place > number.last else number.first - place + 1
            if _stands_beyond(number, place, taken):
                distance += _BEYOND
            nearest[role] = min(nearest.get(role, 99), distance)
    return nearest


def _are_brought(text: Text, number: Number, place: int) -> bool:
    """Whether those counted are in a hospital, or taken there."""
    if text.words[place - 1 : place] in (["в"], ["in"]) or text.words[place].endswith(("да", "де")):
        return True
    return any(text.words[place].startswith(BROUGHT) for place in text.sentence(number.first))


def _risen(text: Text, number: Number) -> str | None:
    """«Число погибших при перестрелке в Кандыагаше возросло до шести»: what has risen stands at the beginning."""
    start = text.sentence(number.first).start
    roles = (_role_of(text.words[place]) for place in range(start, number.first))
    return next((role for role in roles if role not in {None, "participants"}), None)


def _are_police(following: list[str]) -> bool:
    """Whether those counted are police: «десять полицейских», «двое сотрудников полиции», and no «сотрудники завода»."""
    if any(word in PLAINCLOTHES for word in following):
        return True
    if following[0].startswith("сотрудни"):
        return any(word.startswith(POLICE_STAFF) for word in following[1:])
    return following[0].startswith(POLICE)


def _are_they(text: Text, number: Number) -> bool:
    """«Их около тридцати», «нас больше ста»: a number that stands alone behind a word for them."""
    before = text.words[max(0, number.first - 3) : number.first]
    after = text.words[number.last + 1 : number.last + 2]
    ends = not after or text.original[text.ends[number.last] : text.starts[number.last + 1]].strip() != ""
    return (
        (ends and any(word in THEY for word in before))
        or "size" in before
        or (after == ["of"] and _of_us(text, number))
        or tuple(text.words[number.last + 1 : number.last + 3]) in TOOK_PART
    )


def _of_us(text: Text, number: Number) -> bool:
    """Whether "of us" stands behind it, or "of them"."""
    return text.words[number.last + 2 : number.last + 3] in (["us"], ["them"])


def _stands_beyond(number: Number, place: int, taken: frozenset[int]) -> bool:
    """Whether another number stands between a number and a word of its clause."""
    between = range(number.last + 1, place) if place > number.last else range(place + 1, number.first)
    return any(step in taken for step in between)


def _roles_around(text: Text, number: Number) -> Iterator[str]:
    """What the words at once before and after a number say it counts."""
    for place in (*range(number.last + 1, number.last + 3), *range(number.first - 1, number.first - 3, -1)):
        role = _role_of(text.words[place]) if 0 <= place < len(text.words) else None
        if role is not None:
            yield role


def _clause(text: Text, number: Number) -> list[int]:
    """The words around a number, up to a comma and no further than `NEAR_WORDS`."""
    places: list[int] = []
    for direction, edge in ((-1, number.first), (1, number.last)):
        place = edge
        for _ in range(NEAR_WORDS):
            step = place + direction
            if not 0 <= step < len(text.words) or text.sentences[step] != text.sentences[number.first]:
                break
            if direction > 0 and text.words[step] in AND and _begins_other(text, step):
                break
            if _is_cut(text, place, step):
                step = _behind_aside(text, step, direction)
                if not 0 <= step < len(text.words) or text.sentences[step] != text.sentences[number.first]:
                    break
            places.append(step)
            place = step
    return places


def _begins_other(text: Text, place: int) -> bool:
    """Whether another thing done begins behind an "and": "killed at least 15 people and wounded more than 100"."""
    following = text.words[place + 1 : place + 2]
    return bool(following) and _role_of(following[0]) in {"killed", "injured", "detained", "released", "charged"}


def _is_cut(text: Text, left: int, right: int) -> bool:
    left, right = sorted((left, right))
    return any(mark in text.original[text.ends[left] : text.starts[right]] for mark in ",;(")


def _behind_aside(text: Text, step: int, direction: int) -> int:
    """Where a clause goes on behind an aside between commas: «погибли, по официальным данным, 14 человек»; -1 if nowhere."""
    said = False
    for _ in range(_ASIDE):
        if not 0 <= step < len(text.words):
            return -1
        said = said or text.words[step].startswith(SAYS) or text.words[step] in PART
        following = step + direction
        if not 0 <= following < len(text.words):
            return -1
        if _is_cut(text, step, following):
            return following if said else -1
        step = following
    return -1


def _role_of(word: str) -> str | None:
    if word in DEAD:
        return "killed"
    for role, stems in ROLES:
        if word.startswith(stems):
            return role
    return None


def _role_of_pair(text: Text, place: int) -> str | None:
    """«Вышли на свободу», "walked free", «алып кетті»: two words that say together what one does not."""
    following = text.words[place + 1 : place + 2]
    if not following:
        return None
    word, after = text.words[place], following[0]
    return next((role for first, second, role in PAIRS if word.startswith(first) and after.startswith(second)), None)
