"""Listening sockets, and how to close them without resetting a connection (ADR 0057)."""

import ctypes
import errno
import select
import socket
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress

_BACKLOG = 2048
_ALL = {"::": ("::", "0.0.0.0")}  # noqa: S104 - what the operator asks for

# Linux's SO_ATTACH_FILTER with a classic BPF program: load the TCP flags; if SYN is set, drop the packet, else keep it.
_SO_ATTACH_FILTER = 26
_DROP_SYN = [(0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF)]


def listen(host: str, port: int) -> list[socket.socket]:
    """Bind a socket to each address of the host; `::` includes all of IPv4.

    IPv4 has a socket of its own, because on one of IPv6 its clients would have addresses such as `::ffff:192.0.2.1`,
    which `FORWARDED_ALLOW_IPS` and the limit on refused tokens would not recognize.

    Raises:
        SystemExit: The host has no address here, or the port is in use.
    """
    try:
        addresses = [each for name in _ALL.get(host, (host,)) for each in _addresses(name, port)]
        bound = [each for family, address in dict.fromkeys(addresses) if (each := _bind(family, address))]
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]  # without the address, which Python adds
        raise SystemExit(f"Cannot listen on {host}, port {port}: {reason}") from None
    if not bound:
        raise SystemExit(f"Cannot listen on {host}, port {port}: this machine does not have the address")
    return bound


def require_free(*addresses: tuple[str, int]) -> None:
    """Check that all ports, each of a host, are free.

    Raises:
        SystemExit: As for `listen`.
    """
    for each in [each for host, port in addresses for each in listen(host, port)]:
        each.close()


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return [(family, address) for family, _, _, _, address in found]


def _bind(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket | None:
    """Bind to an address; return None if it is not available, as `::1` where IPv6 is disabled."""
    try:
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
            raise
        return None


def refuse_new_connections(sockets: Iterable[socket.socket]) -> None:
    """Drop the first packet of every new connection, so that none is established which is not accepted.

    Its client repeats the packet a second later, and finds another server or none. Where the system cannot do it, a
    connection that arrives while the socket is closed is reset.
    """
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in _DROP_SYN))
    option = struct.pack("HL", len(_DROP_SYN), ctypes.addressof(program))
    for each in sockets:
        if sys.platform == "linux":
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, option)


def has_waiting_connections(sockets: Iterable[socket.socket]) -> bool:
    """Whether a connection is established that has not been accepted."""
    poll = select.poll()
    for each in sockets:
        poll.register(each, select.POLLIN)
    return bool(poll.poll(0))
