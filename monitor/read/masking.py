"""Masks what could point to a private person before a text reaches an alert, a log or a page. PURE.

Masked: phones, e-mails, number plates, personal and card numbers, addresses with a house, private handles and names of
private people. Kept: numbers of detained, dates, articles of law, sums, organisations, cities, streets and squares,
public officials and public channels (`config/public_names.yaml`). The original stays sealed with the report.
"""

from collections.abc import Iterable
from typing import Final
from unicodedata import normalize

from pydantic import BaseModel, ConfigDict, Field

from monitor.read.masking_addresses import addresses, emails, handles
from monitor.read.masking_names import NameFinder
from monitor.read.masking_numbers import Span, numbers
from monitor.read.masking_shapes import plain
from monitor.read.tokens import INVISIBLE

MAX_CHARACTERS: Final = 8_000
"""Code points of a text that are looked at; what is longer is cut there, so that nothing passes unseen."""

CUT: Final = " […]"
_ORDER: Final = ("e-mail", "phone", "card", "id", "plate", "address", "handle", "name")


class PublicNames(BaseModel):
    """`config/public_names.yaml`: who and what may be named."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    people: tuple[str, ...] = Field(default=(), description="public officials and historic persons, whole names")
    institutions: tuple[str, ...] = Field(default=(), description="bodies, parties and media whose names have capitals")
    channels: tuple[str, ...] = Field(default=(), description="handles of public channels and organisations, without @")


class Masker:
    """Masks texts. Keeps no text."""

    def __init__(
        self, public: PublicNames | None = None, *, channels: Iterable[str] = (), places: Iterable[str] = ()
    ) -> None:
        public = public or PublicNames()
        self._channels = {channel.lower().removeprefix("@") for channel in (*public.channels, *channels)}
        self._names = NameFinder(
            people=[frozenset(plain(name).split()) for name in public.people],
            words=frozenset(word for name in public.institutions for word in plain(name).split() if len(word) > 2),
            places=frozenset(word for name in places if len(word := plain(name)) > 2),
        )

    def mask(self, text: str, shown: str | None = None) -> str:
        """The text with `[phone]`, `[name]` and so on (or `shown`) in place of what was masked."""
        # Whole letters first: without its mark й would be another letter.
        text = INVISIBLE.sub("", normalize("NFC", text))
        long = len(text) > MAX_CHARACTERS
        parts, place = [], 0
        text = text[:MAX_CHARACTERS]
        for start, end, what in self.spans(text):
            parts += [text[place:start], shown or f"[{what}]"]
            place = end
        return "".join(parts) + text[place:] + CUT * long

    def spans(self, text: str) -> list[Span]:
        """What must be masked: sorted, apart from each other."""
        found = [
            *emails(text),
            *numbers(text),
            *addresses(text),
            *handles(text, self._is_public),
            *self._names.names(text),
        ]
        return _apart(found)

    def _is_public(self, name: str) -> bool:
        return name.lower() in self._channels


def without_marks(text: str, shown: str = "[…]") -> str:
    """The text without phones, e-mails, plates, numbers of cards and people, and handles: what needs no lists.

    Links to single posts stay, they are evidence. For text of our own making, where names are known to be places.
    """
    parts, place = [], 0
    for start, end, _ in _apart([*emails(text), *numbers(text), *handles(text, lambda _: False)]):
        parts += [text[place:start], shown]
        place = end
    return "".join(parts) + text[place:]


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Spans that touch each other joined; the joined one is called by the surest sort among them."""
    joined: list[Span] = []
    for start, end, what in sorted(spans):
        if joined and start < joined[-1][1]:
            first, last, before = joined[-1]
            joined[-1] = (first, max(last, end), min(before, what, key=_ORDER.index))
        else:
            joined.append((start, end, what))
    return joined
