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
from monitor.read.phrases import Found
from monitor.read.tokens import Text
from monitor.read.weighed import SPAN_WORDS, Weights, stem_of

WORTH: Final = 0.6
"""How probable an event must be for words alone to tell it, where the text says where."""
_WORTH_KAZAKH: Final = 0.8
"""The same for Kazakh, of which fewer texts were weighed."""
_NOWHERE: Final = 0.9
"""The same where it does not, or speaks of the whole country: opinions and statistics do."""
_LEAST_SHARE: Final = 0.3
"""How probable the likeliest kind must be."""
DOUBTFUL: Final = 0.1
"""Below it, what phrases found is doubted."""
_SHORT_WORDS: Final = 12
"""Fewer words tell nothing by their weight alone."""
_SHORT_DOUBTFUL: Final = 0.025
"""The same for a text of so few words, of which most may be unknown."""
_FIRM: Final = 0.8
"""What phrases found so surely is never doubted."""
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
        limit = DOUBTFUL if len(around.text.words) >= _SHORT_WORDS else _SHORT_DOUBTFUL
        return found if event >= limit else tuple(finding for finding in found if _is_firm(finding))
    if event < (_WORTH_KAZAKH if language == "kk" else WORTH) or len(around.text.words) < _SHORT_WORDS:
        return ()
    told = _told(around, weights, language)
    return (told,) if told is not None else ()


def _is_firm(finding: Finding) -> bool:
    return finding.strength >= _FIRM or finding.kind.family in _SELDOM


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
        speaks[word] = weights.of(word) + dict(weights.kinds.get(stem_of(word), ())).get(kind, 0.0)
    heavy = sorted(span, key=lambda place: (-speaks[around.text.words[place]], place))[:_REASONS]
    finding = weigh(around, Found(owner, heavy[0], heavy[0]))
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
