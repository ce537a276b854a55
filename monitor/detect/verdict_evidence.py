"""A measurement and its control, arranged so that rules can ask short questions. PURE."""

from collections.abc import Iterable
from functools import cached_property
from ipaddress import ip_address
from typing import Final, TypeVar
from urllib.parse import urljoin, urlsplit

from monitor.domain.measurements import DnsStep, Failure, HttpStep, Measurement, QuicStep, Step, TcpStep, TlsStep
from monitor.domain.targets import ascii_host

Kind = TypeVar("Kind", DnsStep, TcpStep, TlsStep, QuicStep, HttpStep)
Connecting = TypeVar("Connecting", TcpStep, TlsStep, HttpStep, QuicStep)
_PORTS: Final = {"https": 443, "http": 80}
_UNREACHABLE: Final = {Failure.NETWORK_UNREACHABLE, Failure.HOST_UNREACHABLE, Failure.NETWORK_DOWN}
WRONG_CERTIFICATE: Final = frozenset(
    {Failure.SSL_UNKNOWN_AUTHORITY, Failure.SSL_INVALID_HOSTNAME, Failure.SSL_INVALID_CERTIFICATE}
)
_NOWHERE: Final = {Failure.DNS_NXDOMAIN, Failure.DNS_NO_ANSWER, Failure.ANDROID_DNS_NO_DATA}


def is_bogon(address: str) -> bool:
    """Whether this address can belong to no public server: private, loopback, reserved and so on."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return not parsed.is_global or parsed.is_multicast


def host_of(endpoint: str | None) -> str:
    """The address without its port."""
    return (endpoint or "").rpartition(":")[0].strip("[]")


def port_of(endpoint: str | None) -> int | None:
    """The port of `address:port`."""
    port = (endpoint or "").rpartition(":")[2]
    return int(port) if port.isdigit() else None


class Evidence:
    """What the rules look at. Only the last hop is judged: to get there, every hop before it worked."""

    def __init__(self, measurement: Measurement) -> None:
        self.measurement = measurement
        self.control = measurement.control
        self.steps = _last_attempts(measurement.steps)
        self.control_steps = _last_attempts(self.control.steps) if self.control else ()
        self.hop = max((step.hop for step in self.steps), default=0)

    # What was asked for ------------------------------------------------------------------------------------------

    @cached_property
    def url(self) -> str:
        """The address of the last hop."""
        asked = [step.url for step in self.of(HttpStep) if step.url]
        if asked:
            return asked[-1]
        before = [step for step in self.steps if isinstance(step, HttpStep) and step.hop == self.hop - 1]
        if before and before[-1].location:
            return urljoin(before[-1].url, before[-1].location)
        return self.measurement.url

    @property
    def scheme(self) -> str:
        """Scheme of the last hop's address."""
        return urlsplit(self.url).scheme

    @property
    def host(self) -> str:
        """Host of the last hop's address, as it travels (in ASCII)."""
        return ascii_host(_parts_host(self.url) or "")

    @property
    def port(self) -> int | None:
        """Port that the last hop needs; `None` where the scheme has none."""
        try:
            return urlsplit(self.url).port or _PORTS.get(self.scheme)
        except ValueError:
            return None

    # What was seen -----------------------------------------------------------------------------------------------

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Steps of that layer at the last hop."""
        return [step for step in self.steps if isinstance(step, kind) and step.hop == self.hop]

    def asked(self, resolver: str) -> list[DnsStep]:
        """Look-ups by that resolver at the last hop; none where a name server is itself the target."""
        return [] if self.scheme == "dns" else [step for step in self.of(DnsStep) if step.resolver == resolver]

    def answers(self, resolver: str = "system") -> frozenset[str]:
        """Addresses that this resolver gave at the last hop."""
        return frozenset(answer for step in self.asked(resolver) for answer in step.answers)

    @cached_property
    def system_failure(self) -> Failure | None:
        """Why the system's resolver gave no address at all; `None` where it gave one, or was not asked."""
        if self.answers() or not self.asked("system"):
            return None
        failures = [step.failure for step in self.asked("system") if step.failure]
        certain = [failure for failure in failures if failure is not Failure.DNS_NO_ANSWER]
        return (certain or failures or [Failure.DNS_NO_ANSWER])[0]

    def used(self, kind: type[Connecting]) -> list[Connecting]:
        """Steps at the last hop on the addresses and the port that a browser of this person would have used."""
        addresses = self.answers()
        steps = [step for step in self.of(kind) if step.address is None or port_of(step.address) == self.port]
        steps = [step for step in steps if ascii_host(getattr(step, "sni", "")) in {"", self.host}]
        usual = [step for step in steps if step.address is None or host_of(step.address) in addresses]
        return self._without_broken_ipv6(usual if addresses else steps)

    def _without_broken_ipv6(self, steps: list[Connecting]) -> list[Connecting]:
        six = [step for step in steps if step.family == 6]
        rest = [step for step in steps if step.family != 6]
        unreachable = bool(six) and all(step.failure in _UNREACHABLE for step in six)
        return rest if self.measurement.ipv6_broken or (unreachable and rest) else rest + six

    @cached_property
    def page(self) -> HttpStep | None:
        """The page at the end of the usual way: one that came if there is one."""
        pages = self.used(HttpStep)
        came = [page for page in pages if page.failure is None]
        chosen = came or pages
        return chosen[-1] if chosen else None

    # What the control saw ----------------------------------------------------------------------------------------

    @property
    def controlled(self) -> bool:
        """There is a control, and it worked."""
        return self.control is not None and not self.control.failed and bool(self.control_steps)

    @cached_property
    def control_lookups(self) -> list[DnsStep]:
        """What the control looked up for the last hop's name."""
        return [
            step
            for step in self.control_steps
            if isinstance(step, DnsStep) and ascii_host(step.host) in {"", self.host}
        ]

    @cached_property
    def control_answers(self) -> frozenset[str]:
        """Addresses that the control got for the last hop's name; empty where it got none or did not ask."""
        return frozenset(answer for step in self.control_lookups for answer in step.answers)

    @cached_property
    def control_found_nothing(self) -> bool:
        """The control asked for the last hop's name and there is no such name, or no address under it."""
        asked = self.control_lookups
        return bool(asked) and not self.control_answers and all(step.failure in {None, *_NOWHERE} for step in asked)

    @cached_property
    def control_lookup_failed(self) -> bool:
        """The control asked for the last hop's name and got no address, for whatever reason."""
        return bool(self.control_lookups) and not self.control_answers

    @cached_property
    def control_page(self) -> HttpStep | None:
        """The page that the control ended at; `None` where it asked for none."""
        pages = [step for step in self.control_steps if isinstance(step, HttpStep)]
        return pages[-1] if pages else None

    @cached_property
    def control_page_came(self) -> bool:
        """The control got a page in the end; assumed where there is no control, so that a guess can be told."""
        return self.control is None or (self.control_page is not None and self.control_page.failure is None)

    def control_worked(self, step: TcpStep | TlsStep | QuicStep) -> bool | None:
        """Whether the same step worked for the control; `None` where nothing speaks for or against it.

        A step that the control did not try counts as working where the control got the page in the end. Without any
        control it is assumed to work: what follows from that is told as a guess.
        """
        if self.control is None:
            return True
        same = [
            other
            for other in self.control_steps
            if isinstance(other, type(step)) and other.address == step.address and _same_name(other, step)
        ]
        if same:
            return any(other.failure is None for other in same)
        if self.control_page is not None:
            return True if self.control_page_came else None
        return None

    # Whom to believe ---------------------------------------------------------------------------------------------

    def matches_control(self, addresses: Iterable[str]) -> bool:
        """Some of these addresses are the control's, or in the network of one of the control's."""
        addresses = set(addresses)
        networks = self.control.networks if self.control else {}
        theirs = {networks.get(address, 0) for address in self.control_answers} - {0}
        return bool(addresses & self.control_answers) or any(
            networks.get(address, 0) in theirs for address in addresses
        )

    def is_vouched_for(self, address: str) -> bool:
        """Somebody completed a TLS handshake with a valid certificate for this name at this address."""
        both = (*self.steps, *self.control_steps)
        return any(
            isinstance(step, TlsStep)
            and step.failure is None
            and host_of(step.address) == address
            and ascii_host(step.sni) in {"", self.host}
            for step in both
        )


def _parts_host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _same_name(one: TcpStep | TlsStep | QuicStep, other: TcpStep | TlsStep | QuicStep) -> bool:
    if isinstance(one, TcpStep) or isinstance(other, TcpStep):
        return True
    return not one.sni or not other.sni or one.sni.lower() == other.sni.lower()


def _last_attempts(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Of retries of the same step, the last."""
    last: dict[tuple[object, ...], Step] = {}
    for step in steps:
        more = (
            (step.resolver, step.family)
            if isinstance(step, DnsStep)
            else getattr(step, "sni", getattr(step, "url", ""))
        )
        last[step.layer, step.hop, step.host, step.address, more] = step
    return tuple(last.values())
