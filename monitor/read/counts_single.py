"""One person told without a number: «задержали активиста», "a journalist was detained", «белсендіні ұстады». PURE.

Counted only where verb and person are both of one: the person is in the case in which it happens to it, beside the verb, and the
sentence names nobody in the plural. See docs/counts.md.
"""

import re
from collections.abc import Sequence
from typing import Final

from monitor.domain.kinds import EventKind
from monitor.read.counts import CountHit
from monitor.read.masking_shapes import is_given, plain
from monitor.read.phrases import Found
from monitor.read.tokens import Text

_AFTER: Final = 4
"""How many words after the verb the person may stand, and how many before it."""
_BEFORE: Final = 10
_OF_PEOPLE: Final = frozenset(("detained", "released", "killed", "injured", "participants", "charged"))
SINGLE: Final = {
    EventKind.POLICE_DETENTION: "detained",
    EventKind.CUSTODY_RELEASE: "released",
    EventKind.CUSTODY_DEATH: "killed",
    EventKind.PROSECUTION_CRIMINAL: "charged",
    EventKind.POLICE_LETHAL: "killed",
    EventKind.CUSTODY_ILL_TREATMENT: "injured",
    EventKind.POLICE_PREVENTIVE: "detained",
    EventKind.MEDIA_ATTACK: "injured",
}
"""What one person told without a number is counted as, by kind."""
_TO_ONE_BY_ROLE: Final = {
    "detained": "задержан задержана арестован арестована доставлен доставлена увезен увезена",
    "released": "освобожден освобождена отпущен отпущена",
    "killed": "скончался скончалась умер умерла погиб погибла повесился застрелен убит",
    "injured": "избит избита ранен ранена",
    "charged": "осужден осуждена приговорен приговорена обвинен обвинена",
}
"""Forms that by themselves say that it happened to one."""
_DOES_BY_ROLE: Final = {
    "detained": "задержали задержала скрутила увезла забрала доставили доставила әкетілді әкетті задерживают скрутили "
                "увезли забрали арестовали detained arrested detains detain seized ұстады ұстап ұсталды тұтқындады "
                "қамауға устады усталды",
    "released": "освободили отпустили бостандыққа босады выпустили released freed босатты босатылды шығарды",
    "killed": "died hanged dead қайтыс өлді жұмды жұмған жұмғаны жұмғанын",
    "injured": "избили избил избивали сотрясение госпитализирован госпитализирована перелом concussion beaten beat tortured соққыға ұрған ұрды тепкілеген",
    "charged": "против отношении обвинили осудили приговорили charged sentenced convicted үстінен қарсы қатысты айып "
                "сотталды қозғалды қозғады тағылды",
}  # fmt: skip
"""What is done to whoever stands beside it in the case of the one it is done to."""
_TO_ONE: Final = {role: frozenset(words.split()) for role, words in _TO_ONE_BY_ROLE.items()}
_DOES: Final = {role: frozenset(words.split()) for role, words in _DOES_BY_ROLE.items()}
_ONE: Final = frozenset(
    "активиста активистку журналиста журналистку блогера блогершу правозащитника правозащитницу парня мужчину "
    "женщину девушку студента студентку пенсионера пенсионерку юриста адвоката политика оппозиционера корреспондента "
    "корреспондентку репортера музыканта художника организатора пикетчика пикетчицу оператора видеооператора "
    "белсендіні белсенді журналисті журналистті журналист блогерді блогер азаматты жігітті әйелді қызды студентті адвокатты "
    "сотталушы тұтқын азамат күдікті "
    "activist journalist blogger man woman lawyer student pensioner protester demonstrator reporter editor detainee prisoner "
    "suspect inmate convict worker poet musician satirist columnist rapper singer teacher critic politician chairman".split()
)
_AGED: Final = re.compile("летн(?:ий|яя|его|юю|ей|ему|им)|жастағы|жасар|жасындағы")
"""Words behind an age for one person."""
_SURNAMES: Final = tuple(
    "ов ова ову ова овым овой ове ев ева еву евым евой еве ин ина ину иным иной улы ұлы қызы кызы "
    "ұлын қызын ұлының қызының ұлына қызына енко ский ского скую ов қызына баев баева баеву бай бек "
    "ov ova ev eva yev yeva in ina uly kyzy qyzy bek bay bai enko".split()
)
_HIM: Final = frozenset("him her he she его ее её ему ей него нее оны оған".split())
"""One who was named before."""
_NO_NAME: Final = re.compile("(?:ая|ий|ый|ой|ого|ской|ском|ская)$")
_AFTER_SURNAME: Final = (["имени"], ["атындағы"], ["улице"], ["улица"], ["проспекте"], ["площади"], ["памятника"])
_DEATHS: Final = frozenset("deaths погибли умерли скончались смерти смертей смертях өлімдер".split())
_AGAINST: Final = frozenset("против отношении".split())
_EITHER: Final = frozenset("активистки журналистки правозащитницы студентки пенсионерки блогерши".split())
"""One after «против», else maybe many."""
_MANY: Final = re.compile(
    r"(?:активист|журналист|блогер|правозащитник|студент|пенсионер|юрист|адвокат|политик|участник|пикетчик|организатор|рабоч|"
    r"нефтяник|задержанн|митингующ|протестующ|жител|мужчин|дольщик)(?:ы|и|ов|ам|ами|ей|ие|их|им|ими)|активисток|журналисток|"
    r"людей|люди|человек|женщин|женщины|девушек|девушки|парней|матер(?:и|ей)|несколько|десятк\w+|сотн\w+|дво(?:е|их)|двух|тро(?:е|их)|"
    r"их|всех|нас|вас|наших|ребят\w*|остальн\w+|друг(?:ие|их)|оба|обоих|супруг\w*|қорғаушылар\w*|"
    r"(?:белсенді|журналист|блогер|азамат|жігіт|әйел|қыз|студент|адвокат|адам|тұтқын)(?:лар|лер|дар|дер|тар|тер)\w*|бірнеше|ондаған|"
    r"(?:activist|journalist|blogger|lawyer|student|pensioner|protester|demonstrator|reporter|editor|detainee|prisoner|suspect|inmate|"
    r"worker|member|supporter|other|resident|relative)s|men|women|people|several|dozens|hundreds|both|them"
)
"""Somebody in the plural: then one of them is not all of them."""


def is_many(text: Text, trigger: Found) -> bool:
    """Whether the sentence of a trigger names somebody in the plural, or says that several died."""
    sentence = text.sentence(trigger.first)
    words = text.words[sentence.start : sentence.stop]
    return any(_MANY.fullmatch(word) or word in _DEATHS for word in words)


def is_single(text: Text, numbers: Sequence[CountHit], trigger: Found, role: str) -> bool:
    """Whether the sentence of a trigger tells of one person to whom it happened; no where that cannot be told."""
    sentence = text.sentence(trigger.first)
    words = text.words[sentence.start : sentence.stop]
    if any(_MANY.fullmatch(word) for word in words):
        return False
    of_people = {role, "participants"} if role == "killed" else _OF_PEOPLE
    if any(number.first in sentence and number.role in of_people for number in numbers):
        return False
    persons = _persons(words)
    if len({words[person] for person in persons}) > 1:
        return False
    if any(word in _TO_ONE[role] for word in words) or _beside(words, persons, _DOES[role]):
        return True
    if role == "injured":
        return False
    # «41-летнюю Айгуль Мукашеву увезли»: who has an age or a full name is one.
    aged = sum(_AGED.fullmatch(word) is not None for word in words)
    named = len(_named(text, sentence))
    meant = named == 0 and any(word in _HIM for word in words)
    return (aged == 1 and named <= 1) or (named == 1 and len(persons) <= 1) or meant


def _named(text: Text, sentence: range) -> set[str]:
    """Given names, and capital words before one with the ending of a surname: who is named in the sentence."""
    capital = [
        place for place in sentence if text.original[text.starts[place]].isupper() and len(text.words[place]) > 2
    ]
    named: set[str] = set()
    for place in capital:
        beside = place + 1 in capital and text.original[text.ends[place] : text.starts[place + 1]] == " "
        surname = beside and text.words[place + 1].endswith(_SURNAMES) and not _NO_NAME.search(text.words[place])
        if (surname or is_given(plain(text.words[place]))) and text.words[place - 1 : place] not in _AFTER_SURNAME:
            named.add(text.words[place])
    return named


def _beside(words: Sequence[str], persons: Sequence[int], doing: frozenset[str]) -> bool:
    """Whether a verb stands beside the person: near before it, or not far behind it."""
    return any(
        word in doing and any(-_BEFORE <= person - place <= _AFTER for person in persons)
        for place, word in enumerate(words)
    )


def _persons(words: Sequence[str]) -> list[int]:
    before = ("", *words)
    return [
        place for place, word in enumerate(words) if word in _ONE or (word in _EITHER and before[place] in _AGAINST)
    ]
