"""ICMP echoes through the kernel's unprivileged ping sockets, where the machine allows them (`ping_group_range`)."""

import asyncio
import socket
import struct
from typing import Final

from collectors.probes.failures import of_os_error
from monitor.domain.measurements import Failure, PingStep
from monitor.domain.ports import Clock

ECHOES: Final = 3
WAIT_SECONDS: Final = 2.0
_REQUEST: Final = {4: 8, 6: 128}
_REPLY: Final = {4: 0, 6: 129}


async def ping(address: str, clock: Clock, *, zero: float = 0.0, echoes: int = ECHOES) -> PingStep:
    """Send echoes one after the other; a machine that does not allow it gives `PERMISSION_DENIED`."""
    six = ":" in address
    began = clock.monotonic()
    trips: list[float] = []
    failure: Failure | None = None
    family, protocol = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if six else (socket.AF_INET, socket.IPPROTO_ICMP)
    try:
        with socket.socket(family, socket.SOCK_DGRAM, protocol) as channel:
            channel.setblocking(False)
            channel.connect((address, 0))
            for sequence in range(1, echoes + 1):
                trip = await _echo(channel, sequence, 6 if six else 4, clock)
                trips += [trip] if trip is not None else []
    except OSError as error:
        failure = of_os_error(error)
    return PingStep(
        host=address,
        address=address,
        family=6 if six else 4,
        started_seconds=began - zero,
        took_seconds=clock.monotonic() - began,
        failure=failure or (None if trips else Failure.TIMEOUT),
        echoes=echoes,
        round_trips_seconds=tuple(trips),
        sent_bytes=16 * echoes,
        received_bytes=16 * len(trips),
    )


async def _echo(channel: socket.socket, sequence: int, version: int, clock: Clock) -> float | None:
    """One echo; `None` if it does not come back in time. The kernel fills in identifier and checksum for IPv4's sake."""
    loop = asyncio.get_running_loop()
    head = struct.pack("!BBHHH", _REQUEST[version], 0, 0, 0, sequence) + b"\0" * 8
    packet = head[:2] + struct.pack("!H", _checksum(head)) + head[4:]
    sent_at = clock.monotonic()
    await loop.sock_sendall(channel, packet)
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                data = await loop.sock_recv(channel, 1024)
                if len(data) >= 8 and data[0] == _REPLY[version] and struct.unpack("!H", data[6:8])[0] == sequence:
                    return clock.monotonic() - sent_at
    except TimeoutError:
        return None


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
