"""What a censor can do, and what can go wrong on the probe's own side: each as a value that says its rules.

A happening turns into rules of the censor's firewall, lies of the operator's resolver, tasks of the censor's boxes, and
shaping of the subscribers' lines. `operators` narrows it to some; empty means all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Literal

from tests.lab.story import Site

SLOW_MARK = 7
SLOW_CLASS = "1:20"
TLS_BOX_PORT = 8443
HTTP_BOX_PORT = 8080
Versions = tuple[Literal[4, 6], ...]
BOTH: Versions = (4, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A line of the censor's firewall; `words` say it to a person and find its counter again."""

    table: str
    chain: str
    match: str
    target: str
    words: str
    version: Literal[4, 6]


@dataclass(slots=True)
class Boxes:
    """Tasks of the boxes that take connections over or forge packets.

    Attributes:
        lies: the operator's resolver says this of a name: an answer code, `silence`, or an address.
        injected: a forged answer with this address is raced against the real one to other resolvers.
        intercepted: of a server name, the root to sign with and the flaw of what is signed.
        pages: of a host, status line, headers and body to answer with.
        portal: every page of everybody leads to a login page.
        reset_at_once: connections to these addresses are answered and reset.
        kilobits: of each subscriber's line: (for marked connections, for all), `None` for no limit.
    """

    lies: dict[str, str] = field(default_factory=dict)
    injected: dict[str, str] = field(default_factory=dict)
    intercepted: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    pages: dict[str, bytes] = field(default_factory=dict)
    portal: bool = False
    reset_at_once: set[str] = field(default_factory=set)
    slow_kilobits: float | None = None
    all_kilobits: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that is done, or goes wrong. By itself it does nothing."""

    operators: tuple[str, ...] = ()

    def rules(self, sites: dict[str, Site]) -> Iterator[Rule]:
        """Lines of the censor's firewall."""
        return iter(())

    def tell(self, boxes: Boxes) -> None:
        """Give the boxes their tasks."""

    @property
    def sentence(self) -> str:
        """What is done, for a person."""
        return type(self).__name__

    @property
    def whom(self) -> str:
        """Whose subscribers are concerned, to end a sentence with."""
        return f" (for {', '.join(self.operators)})" if self.operators else ""

    def sources(self) -> tuple[str, ...]:
        """Matches for packets of the subscribers concerned."""
        return tuple(f"-i op-{name}" for name in self.operators) or ("-i op-+",)


def version_of(address: str) -> Literal[4, 6]:
    """4 or 6, of an address or a network."""
    return ip_network(address, strict=False).version


@dataclass(frozen=True, slots=True, kw_only=True)
class Lie(Happening):
    """The operator's resolver lies about a name: `nxdomain`, `refused`, `servfail`, `silence`, or an address."""

    name: str
    says: str

    def tell(self, boxes: Boxes) -> None:
        boxes.lies[self.name] = self.says

    @property
    def sentence(self) -> str:
        return f"the operator's resolver says {self.says} of {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectAnswer(Happening):
    """Whoever asks any resolver abroad for the name gets a forged answer first and the real one after it.

    The box stands in the way: it lets a question go on only when its own answer is sent, so that it wins every race.
    """

    name: str
    address: str

    def rules(self, sites: dict[str, Site]) -> Iterator[Rule]:
        wire = "".join(f"|{len(label):02x}|{label}" for label in self.name.split("."))
        for source in self.sources():
            yield Rule(
                table="filter",
                chain="FORWARD",
                match=f'{source} -p udp --dport 53 -m string --algo kmp --icase --hex-string "{wire}|00|"',
                target="DROP",
                words=f"holds questions for {self.name} until it has answered them",
                version=4,
            )

    def tell(self, boxes: Boxes) -> None:
        boxes.injected[self.name] = self.address

    @property
    def sentence(self) -> str:
        return f"a box answers questions for {self.name} with {self.address} before the resolver does"


_DOES = {"drop": "drops", "refuse": "refuses", "reset": "resets", "unreachable": "calls unreachable"}
How = Literal["drop", "refuse", "unreachable"]
_RESET = "REJECT --reject-with tcp-reset"
_TARGETS: dict[tuple[str, int], str] = {
    ("drop", 4): "DROP",
    ("drop", 6): "DROP",
    ("refuse", 4): _RESET,
    ("refuse", 6): _RESET,
    ("reset", 4): _RESET,
    ("reset", 6): _RESET,
    ("unreachable", 4): "REJECT --reject-with icmp-host-unreachable",
    ("unreachable", 6): "REJECT --reject-with icmp6-no-route",
}
"""A reset in answer to the first packet of a connection is what a client calls refused; later it is a reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterAddress(Happening):
    """Connections to a site's addresses are dropped, refused or answered as unreachable."""

    site: str
    how: How
    versions: Versions = BOTH

    def rules(self, sites: dict[str, Site]) -> Iterator[Rule]:
        for address in sites[self.site].addresses:
            version = version_of(address)
            for source in self.sources() if version in self.versions else ():
                yield Rule(
                    table="filter",
                    chain="FORWARD",
                    match=f"{source} -d {address} -p tcp --syn",
                    target=_TARGETS[self.how, version],
                    words=f"{_DOES[self.how]} connections to {self.site}",
                    version=version,
                )

    @property
    def sentence(self) -> str:
        return f"the censor {_DOES[self.how]} connections to the addresses of {self.site}{self.whom}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterName(Happening):
    """Packets that carry a name are dropped or answered with a reset: TLS by server name, HTTP by host."""

    name: str
    how: Literal["drop", "reset"]
    layer: Literal["tls", "http"] = "tls"
    versions: Versions = BOTH

    def rules(self, sites: dict[str, Site]) -> Iterator[Rule]:
        port, text = (443, self.name) if self.layer == "tls" else (80, f"Host: {self.name}")
        what = "ClientHellos" if self.layer == "tls" else "requests"
        for version in self.versions:
            for source in self.sources():
                yield Rule(
                    table="filter",
                    chain="FORWARD",
                    match=f'{source} -p tcp --dport {port} -m string --algo kmp --string "{text}"',
                    target=_TARGETS[self.how, version],
                    words=f"{_DOES[self.how]} {what} that name {self.name}",
                    version=version,
                )

    @property
    def sentence(self) -> str:
        return f"the censor {_DOES[self.how]} {self.layer.upper()} that names {self.name}{self.whom}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DropQuic(Happening):
    """UDP to a site's port 443 vanishes, TCP passes: browsers fall back, and who is watched for is slower."""

    site: str

    def rules(self, sites: dict[str, Site]) -> Iterator[Rule]:
        for address in sites[self.site].addresses:
            for source in self.sources():
                yield Rule(
                    table="filter",
                    chain="FORWARD",
                    match=f"{source} -d {address} -p udp --dport 443",
                    target="DROP",
                    words=f"drops QUIC of {self.site}",
                    version=version_of(address),
                )

    @property
    def sentence(self) -> str:
        return f"the censor drops QUIC of {self.site}{self.whom}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetAtOnce(Happening):
    """Connections to a site are answered and reset in one breath, by a box that forges both."""

    site: str

    def rules(self, sites: dict[str, Site]) -> Iterator[Rule]:
        yield from FilterAddress(site=self.site, how="drop", operators=self.operators).rules(sites)

    def tell(self, boxes: Boxes) -> None:
        boxes.reset_at_once.add(self.site)

    @property
    def sentence(self) -> str:
        return f"a box accepts connections to {self.site} and resets them at once"


def _taken(happening: Happening, site: Site, port: int, box: int, words: str) -> Iterator[Rule]:
    for address in site.addresses:
        for source in happening.sources():
            yield Rule(
                table="nat",
                chain="PREROUTING",
                match=f"{source} -d {address} -p tcp --dport {port}",
                target=f"REDIRECT --to-ports {box}",
                words=words,
                version=version_of(address),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Intercept(Happening):
    """A box shows its own certificate for a name and reads along; other names at the same addresses pass through.

    Attributes:
        root: `unknown`, `self-signed`, `state-2015`, `state-2016` or `state-2020`.
        flaw: of the shown certificate: `expired`, `wrong-name`.
    """

    name: str
    root: str
    flaw: str | None = None

    def rules(self, sites: dict[str, Site]) -> Iterator[Rule]:
        yield from _taken(self, sites[self.name], 443, TLS_BOX_PORT, f"leads TLS of {self.name} through its box")

    def tell(self, boxes: Boxes) -> None:
        boxes.intercepted[self.name] = (self.root, self.flaw)

    @property
    def sentence(self) -> str:
        return f"a box reads along on TLS of {self.name} under the root {self.root}" + (
            f", {self.flaw}" if self.flaw else ""
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Happening):
    """A box answers requests for a host in the site's place."""

    host: str
    answer: bytes

    def rules(self, sites: dict[str, Site]) -> Iterator[Rule]:
        yield from _taken(self, sites[self.host], 80, HTTP_BOX_PORT, f"leads HTTP of {self.host} through its box")

    def tell(self, boxes: Boxes) -> None:
        boxes.pages[self.host] = self.answer

    @property
    def sentence(self) -> str:
        return f"a box answers requests for {self.host} in its place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle(Happening):
    """Subscribers' lines are slowed by a token bucket: all traffic, or connections that name a server name."""

    kilobits: float
    name: str | None = None

    def rules(self, sites: dict[str, Site]) -> Iterator[Rule]:
        for version in BOTH if self.name else ():
            for source in self.sources():
                yield Rule(
                    table="mangle",
                    chain="FORWARD",
                    match=f'{source} -p tcp --dport 443 -m string --algo kmp --string "{self.name}"',
                    target=f"CONNMARK --set-mark {SLOW_MARK}",
                    words=f"marks connections that name {self.name} as slow",
                    version=version,
                )
            yield Rule(
                table="mangle",
                chain="POSTROUTING",
                match=f"-o op-+ -m connmark --mark {SLOW_MARK}",
                target=f"CLASSIFY --set-class {SLOW_CLASS}",
                words=f"lets marked connections drip at {self.kilobits:g} kbit/s",
                version=version,
            )

    def tell(self, boxes: Boxes) -> None:
        if self.name:
            boxes.slow_kilobits = self.kilobits
        else:
            boxes.all_kilobits = self.kilobits

    @property
    def sentence(self) -> str:
        return f"the censor slows {self.name or 'everything'} to {self.kilobits:g} kbit/s{self.whom}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(Happening):
    """Nothing of a subscriber's passes, but for what is on the list.

    Attributes:
        keep: sites that stay reachable (white list).
        home: all sites of the country stay reachable.
        resolver: the operator's own resolver still answers.
        words: how a person calls it.
    """

    keep: tuple[str, ...] = ()
    home: bool = False
    resolver: bool = False
    words: str = "cuts subscribers off"

    def rules(self, sites: dict[str, Site]) -> Iterator[Rule]:
        for source in self.sources():
            for address in (address for name in self.keep for address in sites[name].addresses):
                yield self._rule(
                    "FORWARD", f"{source} -d {address}", "ACCEPT", version_of(address), "keeps its list up"
                )
            for version in BOTH:
                if self.home:
                    yield self._rule("FORWARD", f"{source} -o home", "ACCEPT", version, "keeps the country's sites up")
                yield self._rule("FORWARD", source, "DROP", version, self.words)
                if not self.resolver:
                    yield self._rule("INPUT", source, "DROP", version, self.words)

    def _rule(self, chain: str, match: str, target: str, version: Literal[4, 6], words: str) -> Rule:
        return Rule(table="filter", chain=chain, match=match, target=target, words=words, version=version)

    @property
    def sentence(self) -> str:
        return f"{self.words}{self.whom}" + (f", but for {', '.join(self.keep)}" if self.keep else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDown(Cut):
    """The probe's own line is dead, not that of its neighbours: its packets vanish, for another reason."""

    words: str = "the probe's own line is dead"

    def rules(self, sites: dict[str, Site]) -> Iterator[Rule]:
        probes = {4: "-s 0.0.0.2/0.0.0.255", 6: "-s ::2/::ffff"}
        for rule in Cut.rules(self, sites):
            yield replace(rule, match=f"{rule.match} {probes[rule.version]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenIpv6(Happening):
    """The probe believes that it has IPv6, and every packet of it vanishes."""

    def rules(self, sites: dict[str, Site]) -> Iterator[Rule]:
        for source in self.sources():
            yield Rule(
                table="filter",
                chain="FORWARD",
                match=source,
                target="DROP",
                words="the probe's IPv6 is broken",
                version=6,
            )

    @property
    def sentence(self) -> str:
        return "every IPv6 packet of the probe vanishes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal(Happening):
    """A login page stands before everything: pages lead there, all else waits."""

    def rules(self, sites: dict[str, Site]) -> Iterator[Rule]:
        for source in self.sources():
            for version in BOTH:
                words = "the portal answers every page itself"
                target = f"REDIRECT --to-ports {HTTP_BOX_PORT}"
                match = f"{source} -p tcp --dport 80"
                yield Rule(table="nat", chain="PREROUTING", match=match, target=target, words=words, version=version)
                rest = "the portal lets nothing else through"
                yield Rule(table="filter", chain="FORWARD", match=source, target="DROP", words=rest, version=version)

    def tell(self, boxes: Boxes) -> None:
        boxes.portal = True

    @property
    def sentence(self) -> str:
        return "a login page stands before everything"
