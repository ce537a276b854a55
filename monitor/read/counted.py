"""Which of a text's numbers count those to whom an event happened. PURE. See docs/counts.md."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from monitor.domain.kinds import EventKind, Family
from monitor.domain.signals import Interval
from monitor.read.counts import UNSAID, CountHit, is_total
from monitor.read.counts_single import SINGLE, is_many, is_single
from monitor.read.phrases import Found
from monitor.read.tokens import Text

WITHIN_SENTENCES: Final = 2
"""How many sentences from an event its numbers may be told."""
_FAR_SENTENCES: Final = 5
"""The same for the only number of its kind."""
_TOLD_FAR: Final = {"participants", "injured", "days", "fine", "detained", "killed", "released"}
"""What is often told apart from the event."""
_MOST_UNITS: Final = 2_000
"""Monthly calculation indices that a fine may have; more is tenge."""
_GATHER: Final = (
    "собрал",
    "собира",
    "вышл",
    "пришл",
    "участвов",
    "gathered",
    "rallied",
    "жиналды",
    "жиналған",
    "шықты",
)
"""Verbs of those who come together: a number beside one counts them and nobody else."""
_THEM: Final = frozenset("их всех them all оларды барлығын were".split())
_PASSIVE: Final = ("жаны", "лены", "зены", "ваны")
"""Endings of «задержаны», «доставлены», «увезены», «арестованы»: it was done to all who were just counted."""
_OWN_WORDS: Final = 15
"""How far from an event a number of people may stand that counts those it happened to."""
_DONE: Final = frozenset({"detained", "injured", "killed", "released", "charged", "days", "fine"})
"""What may be done to people at any event: police act at rallies, courts follow, and one text tells it all."""
_WAIT: Final = ("встре", "met", "welcom", "greet", "waited", "қарсы", "сторонник", "supporter", "жақтас")
_LET_GO: Final = ("отпу", "освобо", "выпу", "released", "freed", "босат", "босап", "жібер", "қайтар")
_ALL: Final = frozenset(
    "все всех всем остальных они их all they both everyone бәрі барлығы бәрін барлығын олар оларды".split()
)
_BESIDE_WORDS: Final = 5
_OWN_SENTENCES: Final = 1
_ROLES: Final = {
    Family.ASSEMBLY: _DONE | {"participants"},
    Family.LABOUR: _DONE | {"participants"},
    Family.UNREST: _DONE | {"participants"},
    Family.POLICE: _DONE | {"participants"},
    Family.CUSTODY: _DONE,
    Family.PROSECUTION: _DONE,
    Family.MEDIA: _DONE,
    Family.DEFENDER: _DONE,
    Family.ELECTION: _DONE,
    Family.STATE: _DONE,
}
_GATHERED: Final = {Family.ASSEMBLY, Family.LABOUR}
_SPREAD: Final = frozenset({"days", "fine"})
"""What each of several people is given: all of it together is one range."""


def counted(text: Text, numbers: Sequence[CountHit], trigger: Found, kind: EventKind) -> dict[str, Interval]:
    """Numbers that fit the kind: of its sentence, else of the nearest within two; a sum goes before its parts."""
    roles = _ROLES.get(kind.family, frozenset())
    found = _near(text, numbers, trigger, kind, roles)
    if "participants" not in found and kind.family in _GATHERED:
        found |= _unsaid(text, numbers, trigger)
    for role in _TOLD_FAR & roles - found.keys():
        found |= _told_far(text, numbers, trigger, kind, role)
    told: dict[str, Interval] = {role: (number.low, number.high) for role, number in found.items()}
    for role in _SPREAD & found.keys():
        told[role] = _spread(numbers, found[role])
    one = _one(text, numbers, trigger, kind)
    if one is not None:
        told.setdefault(one, (1, 1))
    if "detained" in told and "released" in roles and _all_let_go(text):
        told.setdefault("released", told["detained"])
    return told


def _meet(text: Text, number: CountHit) -> bool:
    """«У ворот его встречали тридцать сторонников», "some 30 supporters met him": those who wait are not those who come out."""
    return any(word.startswith(_WAIT) for word in text.words[max(0, number.first - 4) : number.last + 4])


def _all_let_go(text: Text) -> bool:
    """«Через три часа всех отпустили», "all of them were released later", «бәрі босатылды»."""
    return any(
        (word.startswith(_LET_GO) or text.words[place : place + 2] == ["let", "go"])
        and any(other in _ALL for other in text.words[max(0, place - _BESIDE_WORDS) : place + _BESIDE_WORDS])
        for place, word in enumerate(text.words)
    )


def _near(
    text: Text, numbers: Sequence[CountHit], trigger: Found, kind: EventKind, roles: AbstractSet[str]
) -> dict[str, CountHit]:
    """Of each role the number in the sentence of the event, or the nearest to it."""
    sentence = text.sentences[trigger.first]
    found: dict[str, CountHit] = {}
    for reach in range(WITHIN_SENTENCES + 1):
        for number in numbers:
            if abs(text.sentences[number.first] - sentence) != reach:
                continue
            role = _role(text, number, trigger, kind)
            if role == "participants" and number.high == 1 and kind is not EventKind.ASSEMBLY_SINGLE_PICKET:
                # «Бір әйелдің қан қысымы көтерілді», «одной стало плохо»: one of a crowd is not how many it was.
                continue
            if role in roles and (role not in found or _says_better(text, number, found[role])):
                found[role] = number
    return found


def _one(text: Text, numbers: Sequence[CountHit], trigger: Found, kind: EventKind) -> str | None:
    """As what one person is counted of whom no number is told; a lone picket and a death in custody are of one by their kind."""
    if kind is EventKind.ASSEMBLY_SINGLE_PICKET:
        return None if is_many(text, trigger) else "participants"
    role = SINGLE.get(kind)
    if role is None:
        return None
    alone = kind is EventKind.CUSTODY_DEATH and not is_many(text, trigger)
    return role if alone or is_single(text, numbers, trigger, role) else None


def _spread(numbers: Sequence[CountHit], found: CountHit) -> Interval:
    """«Одного на 10, другого на 15 суток», «ему 275 240 тенге, остальным 117 960»: from the least to the most."""
    same = [
        number
        for number in numbers
        if number.role == found.role and (number.low > _MOST_UNITS) == (found.low > _MOST_UNITS)
    ]
    highs = [number.high for number in same]
    highest = None if None in highs else max(high for high in highs if high is not None)
    return min(number.low for number in same), highest


def _unsaid(text: Text, numbers: Sequence[CountHit], trigger: Found) -> dict[str, CountHit]:
    """«38 мужиков шесть дней не работали», "150 mechanics walked off": the only number of its sentence counts who did it."""
    here = [number for number in numbers if text.sentences[number.first] == text.sentences[trigger.first]]
    unsaid = [number for number in here if number.role == UNSAID]
    return {"participants": unsaid[0]} if len(unsaid) == 1 else {}


def _told_far(
    text: Text, numbers: Sequence[CountHit], trigger: Found, kind: EventKind, role: str
) -> dict[str, CountHit]:
    """«Перекрыли дорогу. … По оценкам — от 150 до 200 человек»: the only such number is of it, though told later or before."""
    sentence = text.sentences[trigger.first]
    far = [
        number
        for number in numbers
        if abs(text.sentences[number.first] - sentence) <= _FAR_SENTENCES
        and number.high != 1
        and _role(text, number, trigger, kind) == role
    ]
    return {role: far[0]} if len(far) == 1 else {}


def _says_better(text: Text, number: CountHit, known: CountHit) -> bool:
    """«Задержали десятки человек … увезли от 50 до 70»: the later says the same more exactly; or it is the sum of all."""
    if is_total(text, number) and not is_total(text, known):
        return True
    if number.role == known.role == "participants" and _is_crowd(text, number) and not _is_crowd(text, known):
        return True
    if number.role == "fine" and known.high is not None and known.low <= _MOST_UNITS < number.low:
        # «Штраф 20 МРП (86 500 тенге)»: money says more than the unit it is counted in.
        return True
    if number.high is None:
        return False
    if known.high is None:
        return number.low >= known.low
    return known.low < number.low == number.high < known.high


def _role(text: Text, number: CountHit, trigger: Found, kind: EventKind) -> str:
    """What a number counts for this kind: «семь активистов … доставлены» are detained people, not a crowd."""
    near = (
        min(abs(number.first - trigger.last), abs(trigger.first - number.last)) <= _OWN_WORDS
        and abs(text.sentences[number.first] - text.sentences[trigger.first]) <= _OWN_SENTENCES
    )
    if not (near or _are_meant(text, number, trigger)) or number.role not in {"detained", "participants", "charged"}:
        return number.role
    if kind is EventKind.CUSTODY_RELEASE and number.role != "charged":
        return number.role if _meet(text, number) else "released"
    if kind is EventKind.POLICE_DETENTION and not _is_crowd(text, number):
        return "detained"
    if kind is EventKind.PROSECUTION_CRIMINAL and number.role == "participants":
        return "charged"
    return number.role


def _are_meant(text: Text, number: CountHit, trigger: Found) -> bool:
    """«23 безработных объявили голодовку …, позднее их увезли»; «22 нефтяника, добравшиеся …, ночью задержаны»."""
    if text.sentences[number.first] != text.sentences[trigger.first] or number.last > trigger.first:
        return False
    told = text.words[number.last + 1 : trigger.last + 1]
    return any(word in _THEM for word in told) or any(word.endswith(_PASSIVE) for word in told[-4:])


def _is_crowd(text: Text, number: CountHit) -> bool:
    """«Около ста человек собрались»: who gathers is counted for that."""
    return number.role == "participants" and any(
        word.startswith(_GATHER) for word in text.words[max(0, number.first - 3) : number.last + 4]
    )
