"""What all words of a text come to together: it finds what no phrase tells, and casts doubt on what only looks like an event. PURE.

Phrases go first. Where they find nothing and the words weigh enough, the kind that they speak for most is found, at the place
and with the modifiers, noise and numbers that a phrase there would have; its reasons are the heaviest words.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from monitor.domain.kinds import Family
from monitor.domain.regions import WHOLE_COUNTRY
from monitor.domain.signals import Finding
from monitor.read.classify import Surroundings, weigh
from monitor.read.context import FIRST_YEAR, LONG_AGO, tells_of_a_day
from monitor.read.phrases import Found
from monitor.read.tokens import Text
from monitor.read.weighed import SPAN_WORDS, Weights

WORTH: Final = 0.6
"""How probable an event must be for words alone to tell it, where the text says where."""
_WORTH_ELSE: Final = {"en": 0.7, "kk": 0.95}
"""The same by language, where it differs; of Kazakh fewer texts were weighed."""
_NOWHERE: Final = 0.9
"""The same where it does not, or speaks of the whole country: opinions and statistics do."""
DEAF: Final = 0.9
"""So probable an event is told in spite of words of sport, culture or memory beside it."""
_LEAST_SHARE: Final = 0.25
"""How probable the likeliest kind must be."""
DOUBTFUL: Final = 0.2
"""Below it, what phrases found is doubted."""
_SHORT_WORDS: Final = 12
"""Fewer words tell nothing by their weight alone."""
_SHORT_DOUBTFUL: Final = 0.025
"""The same for a text of so few words, of which most may be unknown."""
_FIRM: Final = 0.8
"""What phrases found so surely is never doubted."""
MOST_WORDS: Final = 130
_DENIED: Final = 0.3
_PAST: Final = 0.3
"""How probable a flag must be for the words alone to set it."""
_FLAG_WORDS: Final = 18
"""Words that a text must have for it: in fewer, one word outweighs what it belongs to."""
OWN: Final = 0.3
"""A sentence that by itself makes an event so probable is not doubted for its company."""
_ABOUT_WORDS: Final = 45
"""How many words around a finding speak for or against it; a digest tells many things."""
_SELDOM: Final = {Family.ASSOCIATION, Family.ELECTION, Family.CIVIC}
"""Of these too few texts were weighed to doubt them."""
_REASONS: Final = 5


def composed(
    around: Surroundings, found: tuple[Finding, ...], weights: Weights, event: float, language: str
) -> tuple[Finding, ...]:
    """What phrases found, without what the words speak against; where that is nothing, what the words speak for.

    Args:
        around: the text.
        found: what the phrases found.
        weights: of words.
        event: how probable it is, by the words, that the text tells of an event.
        language: of the text.
    """
    if found:
        sure = [finding for finding in found if not _is_doubtful(around.text, finding, weights)]
        return _flagged(around, sure, weights)
    if event < _WORTH_ELSE.get(language, WORTH) or len(around.text.words) < _SHORT_WORDS:
        return ()
    told = _told(around, weights, language)
    return () if told is None else _flagged(around, [told], weights)


def _flagged(around: Surroundings, found: Sequence[Finding], weights: Weights) -> tuple[Finding, ...]:
    """The findings, denied or past where the words say so together and no phrase does.

    What only the words deny is claimed all the same: it counts, and the denial is shown beside it. Past is only what also names
    another year, or says that it was long ago.
    """
    words = around.text.words[:MOST_WORDS]
    if not found or len(words) < _FLAG_WORDS:
        return tuple(found)
    denied = weights.flag("denied", words) >= _DENIED
    past = weights.flag("past", words) >= _PAST and _names_the_past(around)
    if not (denied or past):
        return tuple(found)
    return tuple(
        replace(
            finding,
            denied=finding.denied or denied,
            claimed=finding.claimed or (denied and not finding.denied),
            past=finding.past or (past and not _is_of_today(around, finding)),
        )
        for finding in found
    )


def _is_of_today(around: Surroundings, finding: Finding) -> bool:
    """Whether its sentence names a day of this week."""
    place = around.text.at(finding.because[0].start)
    return tells_of_a_day(around.text, Found(0, place, place), around.published_at)


def _names_the_past(around: Surroundings) -> bool:
    """Whether the text names a year before its own, or says how long ago it was."""
    year = around.published_at.year if around.published_at else FIRST_YEAR
    named = any(int(around.text.words[place]) < year for place in around.years())
    return named or any(word in LONG_AGO for word in around.text.words)


def _is_doubtful(text: Text, finding: Finding, weights: Weights) -> bool:
    """Whether the words around a finding speak against an event, where the phrases were not sure themselves."""
    if finding.strength >= _FIRM or finding.kind.family in _SELDOM:
        return False
    place = text.at(finding.because[0].start)
    own, around = text.sentence(place), text.words[_about(text, place)]
    if weights.event([weights.of(text.words[step]) for step in own]) >= OWN:
        return False
    limit = DOUBTFUL if len(around) >= _SHORT_WORDS else _SHORT_DOUBTFUL
    return weights.event([weights.of(word) for word in around]) < limit


def _about(text: Text, place: int) -> slice:
    """The sentence of a word, and as many sentences around it as are not too many words."""
    own = text.sentence(place)
    start, stop = own.start, own.stop
    while True:
        after = text.sentence(stop).stop if stop < len(text.words) else stop
        before = text.sentence(start - 1).start if start else start
        if after > stop and after - start <= _ABOUT_WORDS:
            stop = after
        elif before < start and stop - before <= _ABOUT_WORDS:
            start = before
        else:
            return slice(start, stop)


def _told(around: Surroundings, weights: Weights, language: str) -> Finding | None:
    """The event that the heaviest span tells; `None` where it is not probable enough, abroad, or something forbids it."""
    span, probability = _heaviest(around.text, weights)
    words = around.text.words[span.start : span.stop]
    kind, share = weights.kind(words)
    owner = around.compiled.weighed.get((language, kind))
    if probability < WORTH or share < _LEAST_SHARE or owner is None:
        return None
    speaks = dict.fromkeys(words, 0.0)
    for word in speaks:
        speaks[word] = weights.of(word) + dict(weights.kinds.get(weights.stem(word), ())).get(kind, 0.0)
    named = {place for mention in around.mentions for place in range(mention.first, mention.last + 1)}
    told = [place for place in span if place not in named] or list(span)
    heavy = sorted(told, key=lambda place: (-speaks[around.text.words[place]], place))[:_REASONS]
    finding = weigh(around, Found(owner, heavy[0], heavy[0]), heeds_noise=probability < DEAF)
    vague = finding is not None and finding.regions in {(), (WHOLE_COUNTRY,)} and finding.kind.family is not Family.NET
    if finding is None or (vague and probability < _NOWHERE):
        return None
    rule = finding.because[0].rule
    near = [around.hit(f"{rule}:near", place, place) for place in heavy[1:] if speaks[around.text.words[place]] > 0]
    reasons = sorted({*finding.because, *near}, key=lambda hit: hit.start)
    return replace(finding, because=tuple(reasons))


def _heaviest(text: Text, weights: Weights) -> tuple[range, float]:
    """The whole sentences, of at most `SPAN_WORDS` words together, that speak most for an event."""
    own = [weights.of(word) for word in text.words]
    spans = list(_spans(text.sentences)) or [range(0)]
    probable = [weights.event(own[span.start : span.stop]) for span in spans]
    best = max(range(len(spans)), key=lambda place: probable[place])
    return spans[best], probable[best]


def _spans(sentences: Sequence[int]) -> list[range]:
    """Runs of sentences that are as long as may be."""
    edges = [place for place in range(len(sentences)) if not place or sentences[place] != sentences[place - 1]]
    edges.append(len(sentences))
    spans: list[range] = []
    for first, start in enumerate(edges[:-1]):
        stop = max((edge for edge in edges[first + 1 :] if edge - start <= SPAN_WORDS), default=edges[first + 1])
        if not spans or stop > spans[-1].stop:
            spans.append(range(start, stop))
    return spans
