"""Who lives in the small internet, and where: subscribers, the censor between, sites at home and abroad, the control.

    alpha ─┐                 ┌─ home (sites of the country)
    beta  ─┼── the censor ───┤
    gamma ─┘   (its resolver,└─ abroad (sites, resolvers, check hosts) ── control
                boxes, firewall)

Addresses are such that count as public (11.0.0.0/8 and 2d00::/16 are announced by nobody), because a probe rightly takes
private ones for forgeries; they exist in the namespaces only.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.domain.measurements import Access
from tests.lab.interference import SLOW_CLASS, Boxes, Happening, Rule
from tests.lab.namespaces import Namespace, link
from tests.lab.story import Operator, Site, Story

OPERATOR_RESOLVER = "11.1.0.53"
PUBLIC_RESOLVERS = ("11.9.8.8", "11.9.8.4")
DOH_ADDRESS = "11.9.8.1"
DOH_NAME = "doh.example"
PROXY = "11.9.5.5"
CHECK_HOSTS = tuple(f"11.{network}.0.204" for network in range(20, 26))
"""Plain HTTP, a known short answer, each in another network: is our own line up, and is there a portal?"""
PORTAL_HOSTS = ("11.26.0.204", "11.27.0.204")
"""Pages in clear text that are always the same."""
_PATIENCE_SECONDS = 10
"""Before servers abroad send again: a bucket that drips must hold the answers, not their repeats."""
HOSTS_EACH = 4
"""Machines of its customers that each operator lets the world reach: what is probed from outside."""

ALPHA = Operator(name="alpha", asn=64601)
BETA = Operator(name="beta", asn=64602, access=Access.MOBILE)
GAMMA = Operator(name="gamma", asn=64603)
DELTA = Operator(name="delta", asn=64604, access=Access.MOBILE)
ALPHA_WEST = Operator(name="alpha-west", network="alpha", asn=64601, region="KZ-47")
BETA_WEST = Operator(name="beta-west", network="beta", asn=64602, access=Access.MOBILE, region="KZ-47")

NEWS = Site(name="news.example", here=("11.9.1.10", "2d00:9:1::10"), title="Қала жаңалықтары: News of the city")
NEWS_V4 = Site(name="news.example", here=("11.9.1.10",), title="Қала жаңалықтары: News of the city")
SIBLING = Site(name="pictures.example", here=("11.9.1.10", "2d00:9:1::10"), title="Pictures of cats")
BANK = Site(
    name="bank.example", here=("11.7.1.10",), domestic=True, title="Bank of the steppe", body_bytes=900, asn=64707
)
AKIMAT = Site(
    name="akimat.example", here=("11.7.1.20",), domestic=True, title="Akimat of the city", body_bytes=900, asn=64708
)
SCHOOL = Site(
    name="school.example", here=("11.7.1.30",), domestic=True, title="School number one", body_bytes=900, asn=64709
)
ENCYCLOPEDIA = Site(name="wiki.example", here=("11.9.2.10",), title="An encyclopedia", asn=64702)
CHAT = Site(name="chat.example", here=("11.9.4.10",), title="Messages", asn=64704)
NEUTRAL = Site(name="example.com", here=("11.9.1.10",), title="Example Domain")
DOMESTIC = (BANK, AKIMAT, SCHOOL)
"""Always there; they are also the hosts at home by which a vantage knows its own line."""


@dataclass(frozen=True, slots=True)
class World:
    """The machines of one story."""

    story: Story
    probes: dict[str, Namespace]
    censor: Namespace
    home: Namespace
    abroad: Namespace
    outside: dict[str, Namespace]
    sites: dict[str, Site]

    def where(self, site: Site) -> Namespace:
        """The machine that serves a site."""
        return self.home if site.domestic else self.abroad


def outside_names(story: Story) -> tuple[str, ...]:
    """The vantages outside; the first is the control."""
    return ("control", *(f"outside-{number}" for number in range(2, story.outside + 1)))


def control_address(number: int = 1) -> str:
    """Address of a vantage outside."""
    return f"11.3.{number}.2"


def host_addresses(story: Story, operator: str) -> tuple[str, ...]:
    """Addresses of an operator's customers that the world may reach; none where nobody probes from outside."""
    number = [one.name for one in story.operators].index(operator) + 1
    return tuple(f"11.1.{number}.{80 + host}" for host in range(HOSTS_EACH)) if story.outside > 1 else ()


def built(story: Story) -> World:
    """Make all machines of a story and join them.

    Raises:
        LabError: the kernel or a program refuses something.
    """
    world = World(
        story=story,
        probes={operator.name: Namespace(operator.name) for operator in story.operators},
        censor=Namespace("censor"),
        home=Namespace("home"),
        abroad=Namespace("abroad"),
        outside={name: Namespace(name) for name in outside_names(story)},
        sites={site.name: site for site in (*story.sites, *DOMESTIC, NEUTRAL)},
    )
    for machine in (world.censor, world.abroad):
        with machine.entered():
            machine.setting("net/ipv4/ip_forward", "1")
            machine.setting("net/ipv6/conf/all/forwarding", "1")
    _join_subscribers(world)
    _join_home(world)
    _join_abroad(world)
    return world


def _wire(one: Namespace, left: str, other: Namespace, right: str, v4: str, v6: str) -> None:
    """A cable from `one` (its way out) to `other`, with addresses .2 and .1 of these networks at its ends."""
    link(one, left, other, right)
    one.ip(
        f"addr add {v4}.2/24 dev {left}",
        f"addr add {v6}::2/64 dev {left} nodad",
        f"route add default via {v4}.1",
        f"route add ::/0 via {v6}::1 dev {left}",
    )
    other.ip(f"addr add {v4}.1/24 dev {right}", f"addr add {v6}::1/64 dev {right} nodad")


def _join_subscribers(world: World) -> None:
    for number, (name, probe) in enumerate(world.probes.items(), 1):
        probe.ip("link set lo up")
        _wire(probe, "line", world.censor, f"op-{name}", f"11.1.{number}", f"2d00:1:{number}")
        _give(probe, host_addresses(world.story, name), "line", 24)
    world.censor.ip("link set lo up", f"addr add {OPERATOR_RESOLVER}/32 dev lo")


def _join_home(world: World) -> None:
    world.home.ip("link set lo up")
    _wire(world.home, "line", world.censor, "home", "11.7.0", "2d00:7:0")
    domestic = [address for site in world.sites.values() if site.domestic for address in site.addresses]
    _give(world.home, domestic)
    world.censor.ip("route add 11.7.0.0/16 via 11.7.0.2")


def _join_abroad(world: World) -> None:
    world.abroad.ip("link set lo up")
    _wire(world.censor, "abroad", world.abroad, "country", "11.2.0", "2d00:2:0")
    for number, (name, machine) in enumerate(world.outside.items(), 1):
        machine.ip("link set lo up")
        _wire(machine, "line", world.abroad, name, f"11.3.{number}", f"2d00:3:{number}")
    with world.abroad.entered():
        world.abroad.setting("net/ipv4/tcp_early_retrans", "0")
    foreign = [address for site in world.sites.values() if not site.domestic for address in site.addresses]
    _give(world.abroad, [*foreign, *PUBLIC_RESOLVERS, DOH_ADDRESS, PROXY, *CHECK_HOSTS, *PORTAL_HOSTS])
    world.abroad.ip(
        f"route add 11.1.0.0/16 via 11.2.0.2 rto_min {_PATIENCE_SECONDS}s",
        "route add 11.7.0.0/16 via 11.2.0.2",
        "route add 2d00:1::/32 via 2d00:2:0::2",
        "route add 2d00:7::/32 via 2d00:2:0::2",
    )


def _give(machine: Namespace, addresses: Iterable[str], device: str = "lo", length: int = 32) -> None:
    machine.ip(
        *(
            f"addr add {address}/128 dev {device} nodad"
            if ":" in address
            else f"addr add {address}/{length} dev {device}"
            for address in dict.fromkeys(addresses)
        )
    )


# What the censor does -------------------------------------------------------------------------------------------------


def rules_of(world: World, happens: tuple[Happening, ...]) -> list[Rule]:
    """All lines of the firewall that these happenings ask for."""
    return [rule for happening in happens for rule in happening.rules(world.sites)]


def tasks_of(happens: tuple[Happening, ...]) -> Boxes:
    """All tasks of the boxes."""
    boxes = Boxes()
    for happening in happens:
        happening.tell(boxes)
    return boxes


def enforce(world: World, happens: tuple[Happening, ...]) -> None:
    """Have the censor do this, and nothing of what it did before."""
    rules = rules_of(world, happens)
    for version, program in ((4, "iptables-restore"), (6, "ip6tables-restore")):
        world.censor.run(program, given=_table_text([rule for rule in rules if rule.version == version]))
    boxes = tasks_of(happens)
    for name in world.probes:
        _shape(world.censor, f"op-{name}", boxes)


_CHAINS = {
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "nat": ("PREROUTING", "POSTROUTING"),
    "mangle": ("FORWARD", "POSTROUTING"),
}


def _table_text(rules: list[Rule]) -> str:
    lines = []
    for table, chains in _CHAINS.items():
        lines += [f"*{table}", *(f":{chain} ACCEPT [0:0]" for chain in chains)]
        lines += [
            f'-A {rule.chain} {rule.match} -m comment --comment "{rule.words}" -j {rule.target}'
            for rule in rules
            if rule.table == table
        ]
        lines.append("COMMIT")
    return "\n".join(lines) + "\n"


def _shape(censor: Namespace, device: str, boxes: Boxes) -> None:
    """A token bucket on the way to a subscriber: one class for marked connections, one for all others."""
    censor.run("tc", "qdisc", "replace", "dev", device, "root", "pfifo", "limit", "1000")
    if boxes.slow_kilobits is None and boxes.all_kilobits is None:
        return
    rest = f"{boxes.all_kilobits:g}kbit burst 1600 cburst 1600" if boxes.all_kilobits else "1gbit"
    slow = f"{boxes.slow_kilobits:g}kbit burst 1600 cburst 1600" if boxes.slow_kilobits else rest
    lines = (
        f"qdisc replace dev {device} root handle 1: htb default 10",
        f"class replace dev {device} parent 1: classid 1:10 htb quantum 1600 rate {rest}",
        f"class replace dev {device} parent 1: classid {SLOW_CLASS} htb quantum 1600 rate {slow}",
    )
    censor.run("tc", "-batch", "-", given="\n".join(lines) + "\n")


def fired(world: World) -> dict[str, int]:
    """How many packets each of the censor's rules met since `enforce`, by its words."""
    counted: dict[str, int] = {}
    for program in ("iptables-save", "ip6tables-save"):
        for line in world.censor.run(program, "-c").splitlines():
            if line.startswith("[") and '--comment "' in line:
                words = line.split('--comment "', 1)[1].split('"', 1)[0]
                counted[words] = counted.get(words, 0) + int(line[1:].split(":", 1)[0])
    return counted
