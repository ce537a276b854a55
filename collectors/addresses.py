"""Which addresses may be fetched from: the public internet, and what is allowed by name. PURE.

A feed is written by strangers: an address, a redirect or a DNS answer may point into our own network. Every address is
judged after resolution, and the connection goes to the very address that was judged.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
_CARRIED: Final = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
"""IPv6 ranges that carry an IPv4 address in their last 32 bits (RFC 6052, RFC 8215)."""


class ForbiddenAddressError(ValueError):
    """Our rules forbid this address; the message says which rule, without the address of our own network."""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks as people write them: `127.0.0.1`, `10.0.0.0/8`.

    Raises:
        ValueError: one of them is no network.
    """
    return tuple(ip_network(text, strict=False) for text in texts)


def check_address(text: str, allowed: Iterable[Network] = ()) -> None:
    """Raise unless this resolved address may be connected to.

    Raises:
        ForbiddenAddressError: private, loopback, link-local, multicast, reserved, or carrying such an address.
    """
    address: Address = ip_address(text.partition("%")[0])
    if any(address in network for network in allowed if network.version == address.version):
        return
    for inner in (address, *_carried(address)):
        if not inner.is_global or inner.is_multicast or inner.is_reserved or inner.is_unspecified:
            raise ForbiddenAddressError("the address is not on the public internet")


def _carried(address: Address) -> list[Address]:
    if isinstance(address, IPv4Address):
        return []
    found: list[Address] = [inner for inner in (address.ipv4_mapped, address.sixtofour) if inner is not None]
    if address.teredo is not None:
        found += address.teredo
    if any(address in network for network in _CARRIED):
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return found


def check_url(url: str, came_from: str | None = None) -> None:
    """Raise unless this address has a form that we fetch.

    Raises:
        ForbiddenAddressError: not http(s), a name with credentials, or a redirect from https to http.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        raise ForbiddenAddressError(f"addresses of the kind '{parts.scheme[:20]}:' are not fetched")
    if not parts.hostname or parts.username or parts.password:
        raise ForbiddenAddressError("the address has no host, or carries a name or password")
    if came_from and urlsplit(came_from).scheme == "https" and parts.scheme == "http":
        raise ForbiddenAddressError("a redirect from https to http")
