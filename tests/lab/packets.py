"""Packets as bytes: reading what passes on a line, and forging what a censor forges."""

import struct
from dataclasses import dataclass
from ipaddress import ip_address

import dns.exception
import dns.message
import dns.rcode
import dns.rdatatype

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


@dataclass(frozen=True, slots=True)
class Packet:
    """An IP packet as far as the laboratory reads it."""

    source: str
    target: str
    protocol: int
    source_port: int = 0
    target_port: int = 0
    flags: int = 0
    sequence: int = 0
    acknowledged: int = 0
    payload: bytes = b""

    @property
    def key(self) -> tuple[object, ...]:
        """The same for a packet before and after it was passed on."""
        return (self.source, self.target, self.protocol, self.source_port, self.target_port, self.flags, self.sequence,
                self.acknowledged, self.payload)  # fmt: skip


def read(data: bytes) -> Packet | None:
    """An IP packet from its bytes; `None` where it is none, or a fragment, or broken."""
    try:
        if data[0] >> 4 == 4:
            length = (data[0] & 15) * 4
            source, target = str(ip_address(data[12:16])), str(ip_address(data[16:20]))
            protocol, rest = data[9], data[length : struct.unpack("!H", data[2:4])[0] or None]
        elif data[0] >> 4 == 6:
            source, target = str(ip_address(data[8:24])), str(ip_address(data[24:40]))
            protocol, rest = data[6], data[40:]
        else:
            return None
        return _read_above(source, target, protocol, rest)
    except (IndexError, struct.error, ValueError):
        return None


def _read_above(source: str, target: str, protocol: int, rest: bytes) -> Packet:
    if protocol == UDP:
        from_port, to_port = struct.unpack("!HH", rest[:4])
        return Packet(source, target, protocol, from_port, to_port, payload=rest[8:])
    if protocol == TCP:
        from_port, to_port, sequence, acknowledged = struct.unpack("!HHII", rest[:12])
        payload = rest[(rest[12] >> 4) * 4 :]
        return Packet(source, target, protocol, from_port, to_port, rest[13] & 31, sequence, acknowledged, payload)
    return Packet(source, target, protocol, payload=rest)


def forged(packet: Packet) -> bytes:
    """The bytes of an IPv4 packet that says what this one says, whoever it names as its source."""
    source, target = ip_address(packet.source).packed, ip_address(packet.target).packed
    if packet.protocol == UDP:
        above = struct.pack("!HHHH", packet.source_port, packet.target_port, 8 + len(packet.payload), 0)
        place = 6
    else:
        above = struct.pack(
            "!HHIIBBHHH", packet.source_port, packet.target_port, packet.sequence, packet.acknowledged, 5 << 4,
            packet.flags, 65_000, 0, 0,
        )  # fmt: skip
        place = 16
    whole = above + packet.payload
    checksum = _checksum(source + target + struct.pack("!BBH", 0, packet.protocol, len(whole)) + whole)
    whole = whole[:place] + struct.pack("!H", checksum or 0xFFFF) + whole[place + 2 :]
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(whole), 0, 0, 64, packet.protocol, 0, source, target)
    head = head[:10] + struct.pack("!H", _checksum(head)) + head[12:]
    return head + whole


def _checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def server_name(data: bytes) -> str | None:
    """The server name in the first record of a TLS client; `None` where there is none."""
    try:
        if data[0] != 22 or data[5] != 1:
            return None
        at = 43 + 1 + data[43]  # record, handshake, version, random; session id
        at += 2 + struct.unpack("!H", data[at : at + 2])[0]  # ciphers
        at += 1 + data[at]  # compressions
        end = at + 2 + struct.unpack("!H", data[at : at + 2])[0]
        at += 2
        while at + 4 <= end:
            kind, length = struct.unpack("!HH", data[at : at + 4])
            if kind == 0:
                return data[at + 9 : at + 4 + length].decode("ascii", "replace")
            at += 4 + length
    except (IndexError, struct.error):
        return None
    return None


def host_header(data: bytes) -> str | None:
    """The host that an HTTP request names; `None` where it is no such request."""
    for line in data.split(b"\r\n")[1:]:
        if line.lower().startswith(b"host:"):
            return line[5:].strip().decode("ascii", "replace")
    return None


def told(packet: Packet) -> str:
    """What a packet says, for a person."""
    if packet.protocol == UDP and 53 in {packet.source_port, packet.target_port}:
        return _told_dns(packet.payload)
    if packet.protocol == TCP:
        return _told_tcp(packet)
    return {ICMP: "ICMP", ICMP6: "ICMPv6"}.get(packet.protocol, f"protocol {packet.protocol}")


def _told_dns(data: bytes) -> str:
    try:
        message = dns.message.from_wire(data)
        question = message.question[0]
    except (dns.exception.DNSException, IndexError):
        return "DNS, not readable"
    asked = f"{question.name.to_text(omit_final_dot=True)} {dns.rdatatype.to_text(question.rdtype)}"
    if not message.flags & 0x8000:
        return f"DNS asks {asked}"
    found = [record.address for row in message.answer for record in row if hasattr(record, "address")]
    return f"DNS says {asked} = {', '.join(found) or dns.rcode.to_text(message.rcode())}"


def _told_tcp(packet: Packet) -> str:
    if packet.flags & RST:
        return "TCP reset"
    if packet.flags & SYN:
        return "TCP SYN-ACK" if packet.flags & ACK else "TCP SYN"
    name = server_name(packet.payload)
    if name is not None:
        return f"TLS ClientHello for {name}"
    if packet.payload[:1] in {b"\x14", b"\x15", b"\x16", b"\x17"} and packet.payload[1:2] == b"\x03":
        kind = {0x15: "alert", 0x16: "handshake"}.get(packet.payload[0], "data")
        return f"TLS {kind}, {len(packet.payload)} bytes"
    if packet.payload[:4] in {b"GET ", b"HEAD", b"POST", b"HTTP"}:
        line = packet.payload.split(b"\r\n", 1)[0].decode("latin-1")[:60]
        host = host_header(packet.payload) if not line.startswith("HTTP") else None
        return f"{line.removesuffix(' HTTP/1.1')}{f' (Host: {host})' if host else ''}"
    if packet.payload:
        return f"TCP data, {len(packet.payload)} bytes"
    return "TCP FIN" if packet.flags & FIN else "TCP ACK"
