"""How a story is told: who lives there, what happens, and what Dabyl must make of it. Values only."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from monitor.domain.measurements import Access, Link, State

if TYPE_CHECKING:
    from tests.lab.interference import Happening

Kind = Literal["nothing", "own side", "world", "dns", "tcp", "tls", "http", "speed", "cut", "proxy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A line of an operator, with one vantage behind it.

    Attributes:
        name: of the line; at most 12 characters.
        network: the operator's name, where it has lines in several regions; else the line's name.
    """

    name: str
    asn: int
    access: Access = Access.FIXED
    region: str = "KZ-75"
    network: str = ""

    @property
    def operator(self) -> str:
        """The operator's name."""
        return self.network or self.name


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
        family: the verdict on IPv4 or IPv6 alone is meant.
    """

    state: State
    mechanism: tuple[str, ...] = ()
    operator: str | None = None
    target: str | None = None
    certain: bool = False
    link: Link | None = None
    family: Literal[4, 6] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A stretch of a story in which nothing changes.

    Attributes:
        minute: on the story's own clock, when it begins.
        rounds: how many rounds are measured in it, two minutes apart on the story's clock; until the next act the last
            one stands for those that would follow.
    """

    minute: int = 0
    happens: "tuple[Happening, ...]" = ()
    expects: tuple[Expected, ...] = ()
    rounds: int = 1
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An outage that must be told of once all is over: no more than those of the story, and no less.

    Attributes:
        entity, scope, kind: as the detectors name them.
        from_minute, until_minute: on the story's clock, `until_minute` `None` where it lasts.
        detected_by: it must be recognised by that minute.
    """

    entity: str
    scope: str
    kind: str
    from_minute: int
    until_minute: int | None = None
    detected_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One story. `says` is what is true in it, in one sentence.

    Attributes:
        told: outages that must be told of; `None` where only verdicts are asked for.
        alike_openings: so many re-openings must be seen to follow a pattern.
        ends_minute: on the story's clock; matters where there is `told`.
        outside: how many vantages stand outside; two and more also probe the operators' customers from there.
        blind: vantages outside whose own line is dead.
        samples: each target is measured so often at a time, and judged by its speed.
        proxy: the targets are fetched as collectors do, through a proxy that is up or down, and not probed.
        siblings: of a target, the one on the same servers that nobody slows.
    """

    id: str
    kind: Kind
    says: str
    acts: tuple[Act, ...]
    sites: tuple[Site, ...]
    operators: tuple[Operator, ...]
    targets: tuple[str, ...]
    told: tuple[Told, ...] | None = None
    alike_openings: int = 0
    ends_minute: int = 0
    timeouts_seconds: float = 3.0
    public_resolver: bool = False
    outside: int = 1
    blind: tuple[str, ...] = ()
    samples: int = 1
    proxy: Literal["up", "down"] | None = None
    siblings: dict[str, str] = field(default_factory=dict)
