"""Network namespaces without names: they live while a process holds them, so that nothing is left after a crash.

One process stands in many places: a socket belongs for ever to the namespace in which it was made.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NEW_NET = 0x40000000
NEW_MOUNT = 0x00020000
_PRIVATE_MOUNTS = 0x4000 | 0x40000  # MS_REC | MS_PRIVATE
_BIND = 0x1000
_DETACH = 2
_DIE_WITH_PARENT = 1
_libc = ctypes.CDLL(None, use_errno=True)
PROGRAMS = ("ip", "tc", "iptables-restore", "ip6tables-restore", "iptables-save", "ip6tables-save")


class LabError(Exception):
    """The laboratory could not be built; the text says which part."""


def _checked(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise LabError(f"{what}: {os.strerror(error)}")


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends, however that happens."""
    _libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def hurry(by: int) -> None:
    """Go before others on a busy machine, as far as we may: what is measured here are times."""
    with suppress(PermissionError):
        os.nice(-by)


class Namespace:
    """One machine's network: its own links, addresses, routes and firewall."""

    _home: int | None = None

    def __init__(self, name: str) -> None:
        if Namespace._home is None:
            Namespace._home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.name = name
        _checked(_libc.unshare(NEW_NET), "a network namespace cannot be made")
        self.fd = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.setting("net/ipv6/conf/default/accept_dad", "0")
        self.setting("net/ipv6/conf/all/accept_dad", "0")
        _checked(_libc.setns(Namespace._home, NEW_NET), "cannot leave a network namespace")

    @property
    def path(self) -> str:
        """Where other programs find this namespace while we live."""
        return f"/proc/{os.getpid()}/fd/{self.fd}"

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Stand in this namespace for a moment (this thread; not across an `await`)."""
        assert Namespace._home is not None
        _checked(_libc.setns(self.fd, NEW_NET), f"cannot enter {self.name}")
        try:
            yield
        finally:
            _checked(_libc.setns(Namespace._home, NEW_NET), f"cannot leave {self.name}")

    def settle(self) -> None:
        """Stay in this namespace for good, with mounts of our own."""
        _checked(_libc.setns(self.fd, NEW_NET), f"cannot enter {self.name}")
        _checked(_libc.unshare(NEW_MOUNT), "mounts of our own cannot be had")
        _checked(_libc.mount(b"none", b"/", None, _PRIVATE_MOUNTS, None), "mounts cannot be made private")

    def setting(self, name: str, value: str) -> None:
        """Set one of the kernel's network settings; to be called inside."""
        Path("/proc/sys", name).write_text(value)

    def run(self, *command: str, given: str = "") -> str:
        """Run a program in this namespace and return what it printed.

        Raises:
            LabError: it failed; the text carries what it said.
        """
        with self.entered():
            done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LabError(f"{self.name}: {' '.join(command)}: {done.stderr.strip() or done.returncode}\n{given}")
        return done.stdout

    def ip(self, *lines: str) -> None:
        """Give `ip` these commands."""
        self.run("ip", "-batch", "-", given="\n".join(lines) + "\n")

    def new_socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket of this namespace."""
        with self.entered():
            made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    def listening(self, address: str, port: int, kind: int = socket.SOCK_STREAM) -> socket.socket:
        """A socket that listens on that address of this namespace."""
        made = self.new_socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ":" in address:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        if kind == socket.SOCK_STREAM:
            made.listen(64)
        return made


def bind_over(content: str, path: str) -> None:
    """Put this content in the place of a file, for this process's own mounts only (after `Namespace.settle`)."""
    shelf = b"/tmp"
    _checked(_libc.mount(b"none", shelf, b"tmpfs", 0, b"size=64k"), "a file system in memory cannot be had")
    file = Path(os.fsdecode(shelf), "over")
    file.write_text(content)
    target = os.path.realpath(path).encode()
    _checked(_libc.mount(os.fsencode(file), target, None, _BIND, None), f"{path} cannot be covered")
    _checked(_libc.umount2(shelf, _DETACH), "the file system in memory cannot be let go")


def link(one: Namespace, one_name: str, other: Namespace, other_name: str) -> None:
    """A cable between two machines."""
    one.ip(f"link add {one_name} type veth peer name {other_name} netns {other.path}", f"link set {one_name} up")
    other.ip(f"link set {other_name} up")


def why_not(user: int | None = None) -> str | None:
    """Why the laboratory cannot be built here (by this user), for a person; `None` where it can."""
    if (os.geteuid() if user is None else user) != 0:
        return "the laboratory needs root (network namespaces); this is not root"
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"the laboratory needs {', '.join(missing)} (Debian: iproute2 and iptables)"
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, _trial().encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        said = stream.read().decode()
    os.waitpid(child, 0)
    return said or None


def _trial() -> str:
    """Try what the laboratory needs of this kernel; empty if it has all."""
    try:
        one, other = Namespace("one"), Namespace("other")
        link(one, "left", other, "right")
        rule = '*filter\n-A FORWARD -p tcp -m string --algo kmp --string "name" -j REJECT --reject-with tcp-reset\nCOMMIT\n'
        one.run("iptables-restore", given=rule)
        one.run("ip6tables-restore", given=rule)
        one.run("tc", "qdisc", "add", "dev", "left", "root", "handle", "1:", "htb", "default", "10")
        one.settle()
    except (LabError, OSError) as error:
        return f"the laboratory cannot be built here: {error}"
    return ""
