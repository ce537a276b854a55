"""Places as they are named in a text. PURE."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """One place that a name may mean. `region` is `None` abroad."""

    name: str
    region: str | None
    level: str
    population: int = 0
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """A place named in a text: which, the first and last word, and how it stands there.

    Attributes:
        in_dateline: it opens the text before a dash: where it was written.
        is_adjective: «алматинский», «китайская»: belongs to somebody, need not be where something is.
        is_topic: what a protest is about («против Китая»).
        is_locative: «в Алматы», «из Алматы», «Ақтауда».
        is_inside: the same, but not "from".
        is_embassy: its embassy or consulate.
        is_aside: where somebody is from («уроженец Актобе»), or where an office that speaks has its seat («МИД в Астане»):
            no place of an event in a text about another country.
    """

    place: Named
    first: int
    last: int
    in_dateline: bool = False
    is_adjective: bool = False
    is_topic: bool = False
    is_locative: bool = False
    is_inside: bool = False
    is_embassy: bool = False
    is_aside: bool = False

    @property
    def is_foreign(self) -> bool:
        """Whether it lies abroad."""
        return self.place.region is None
