"""What became of each packet on its way past the censor: passed, dropped, taken over, or made by the censor itself."""

import asyncio
import socket
import struct
from dataclasses import dataclass, replace
from typing import Literal

from tests.lab.namespaces import Namespace
from tests.lab.packets import ICMP, TCP, UDP, Packet, read, told
from tests.lab.world import OPERATOR_RESOLVER

_ETH_P_ALL = 3
_TIMESTAMPS = 35  # SO_TIMESTAMPNS: the kernel says when it saw a packet, however late we read it
_READ = frozenset({TCP, UDP, ICMP})
MOST_PACKETS = 4000
Fate = Literal["passed", "dropped", "answered here", "taken over", "made here"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One packet on one of the censor's lines."""

    at_seconds: float
    device: str
    leaving: bool
    packet: Packet


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What became of one packet."""

    at_seconds: float
    operator: str
    source: str
    target: str
    says: str
    fate: Fate
    waited_seconds: float = 0.0


class Watch:
    """A tap on all lines of the censor."""

    def __init__(self, censor: Namespace) -> None:
        with censor.entered():
            self._tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
        self._tap.setblocking(False)
        self._tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        self._tap.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)
        self._seen: list[Seen] = []

    async def __aenter__(self) -> "Watch":
        asyncio.get_running_loop().add_reader(self._tap, self._look)
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._tap)
        self._tap.close()

    def _look(self) -> None:
        while True:
            try:
                data, notes, _, (device, _, kind, *_) = self._tap.recvmsg(65_536, 64)
            except OSError:
                return
            packet = read(data) if device != "lo" and len(self._seen) < MOST_PACKETS else None
            if packet is not None and packet.protocol in _READ:
                self._seen.append(Seen(_when(notes), device, kind == socket.PACKET_OUTGOING, packet))

    def taken(self) -> list[Passage]:
        """What became of all packets seen so far; they are then forgotten."""
        self._look()
        seen, self._seen = sorted(self._seen, key=lambda one: one.at_seconds), []
        return passages(seen)


def _when(notes: list[tuple[int, int, bytes]]) -> float:
    """The kernel's time of a packet, in seconds."""
    for level, kind, data in notes:
        if level == socket.SOL_SOCKET and kind == _TIMESTAMPS:
            seconds, nanoseconds = struct.unpack("ll", data[:16])
            return float(seconds + nanoseconds / 1e9)
    return 0.0


def passages(seen: list[Seen]) -> list[Passage]:
    """Pair what came in with what went out."""
    begin = seen[0].at_seconds if seen else 0.0
    leaving: dict[tuple[object, ...], list[Seen]] = {}
    for one in seen:
        if one.leaving:
            leaving.setdefault(one.packet.key, []).append(one)
    found = []
    spoken_for: set[int] = set()
    for one in (one for one in seen if not one.leaving):
        out = next((other for other in leaving.get(one.packet.key, ()) if id(other) not in spoken_for), None)
        if out is not None:
            spoken_for.add(id(out))
        found.append(_passage(one, out, begin))
    found += [_made(one, begin) for one in seen if one.leaving and id(one) not in spoken_for]
    found = [passage for passage in found if passage.operator]
    return sorted(_taken_over(found), key=lambda passage: passage.at_seconds)


def _ends(packet: Packet) -> tuple[str, str]:
    if packet.protocol not in {TCP, UDP}:
        return packet.source, packet.target
    return _end(packet.source, packet.source_port), _end(packet.target, packet.target_port)


def _end(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _operator(*devices: str) -> str:
    return next((device.removeprefix("op-") for device in devices if device.startswith("op-")), "")


def _passage(came: Seen, went: Seen | None, begin: float) -> Passage:
    source, target = _ends(came.packet)
    fate: Fate = "passed" if went else "answered here" if came.packet.target == OPERATOR_RESOLVER else "dropped"
    return Passage(
        at_seconds=came.at_seconds - begin,
        operator=_operator(came.device, went.device if went else ""),
        source=source,
        target=target,
        says=told(came.packet),
        fate=fate,
        waited_seconds=went.at_seconds - came.at_seconds if went else 0.0,
    )


def _made(went: Seen, begin: float) -> Passage:
    source, target = _ends(went.packet)
    own = went.packet.source == OPERATOR_RESOLVER
    return Passage(
        at_seconds=went.at_seconds - begin,
        operator=_operator(went.device),
        source=source,
        target=target,
        says=told(went.packet),
        fate="answered here" if own else "made here",
    )


def _taken_over(found: list[Passage]) -> list[Passage]:
    """A connection whose packets all end here, and that is answered from here, was led into a box."""
    from_here = {(one.source, one.target) for one in found if one.fate == "made here" and one.says == "TCP SYN-ACK"}
    return [
        replace(one, fate="taken over") if one.fate == "dropped" and (one.target, one.source) in from_here else one
        for one in found
    ]
