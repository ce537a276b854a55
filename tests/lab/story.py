"""How a story is told: who lives there, what happens, and what Dabyl must make of it. Values only."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from monitor.domain.measurements import Access, Link, State

if TYPE_CHECKING:
    from tests.lab.interference import Happening

Kind = Literal["nothing", "own side", "world", "dns", "tcp", "tls", "http", "speed", "cut"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """An operator, with one vantage behind it."""

    name: str
    asn: int
    access: Access = Access.FIXED
    region: str = "KZ-75"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site, with the addresses at which it is served.

    Attributes:
        here: addresses that the country's resolvers give; abroad others may be given (`there`).
        domestic: served from inside the country.
        flaw: of its own certificate: `expired`, `wrong-name`, `self-signed`.
        dead: nobody listens; for everybody.
        many_names: its certificate carries many names, as those of CDNs do, and is therefore some KiB long.
        body_bytes: length of its page.
    """

    name: str
    here: tuple[str, ...]
    there: tuple[str, ...] = ()
    domestic: bool = False
    flaw: str | None = None
    dead: bool = False
    many_names: bool = False
    body_bytes: int = 6000
    title: str = ""
    asn: int = 64700

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses."""
        return tuple(dict.fromkeys((*self.here, *self.there)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must be made of what one operator's vantage sees of one target.

    Attributes:
        mechanism: one of these, or of what lies below them (`tls.reset` also takes `tls.reset.sni`); empty for none.
        certain: the confidence must be 1.
        link: how the vantage must find its own way to the internet.
    """

    state: State
    mechanism: tuple[str, ...] = ()
    operator: str | None = None
    target: str | None = None
    certain: bool = False
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A stretch of a story in which nothing changes.

    Attributes:
        minute: on the story's own clock, when it begins.
        rounds: how many rounds are measured in it, two minutes apart on the story's clock.
    """

    minute: int = 0
    happens: "tuple[Happening, ...]" = ()
    expects: tuple[Expected, ...] = ()
    rounds: int = 1
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What must be made of all vantages together.

    Attributes:
        scope: `service`, `operator`, `region`, `regions`, `national`; `None` where there is nothing to tell.
        kind: as the detectors name it.
    """

    scope: str | None
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One story. `says` is what is true in it, in one sentence."""

    id: str
    kind: Kind
    says: str
    acts: tuple[Act, ...]
    sites: tuple[Site, ...]
    operators: tuple[Operator, ...]
    targets: tuple[str, ...]
    whole: Whole | None = None
    timeouts_seconds: float = 2.0
    public_resolver: bool = False
    control: Literal["measured", "cut off"] = "measured"
    siblings: dict[str, str] = field(default_factory=dict)
