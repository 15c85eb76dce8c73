"""Check the Host header against the allowed names, as protection against DNS rebinding."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from src.errors.client import HostNotAllowed

_PROBES = frozenset({"/health", "/ready"})


class TrustedHostMiddleware:
    """Refuses (400) a request that names another host, no host or several (RFC 9112, section 3.2).

    `*.example.com` stands for all names below it. Probes may use an IP address, as those of load balancers do.
    """

    def __init__(self, app: ASGIApp, hosts: list[str]) -> None:
        self._app = app
        self._names = frozenset(hosts)
        self._suffixes = tuple(host[1:] for host in hosts if host.startswith("*."))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in _PROBES or self._allows(scope):
            return self._app(scope, receive, send)
        raise HostNotAllowed

    def _allows(self, scope: Scope) -> bool:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        name = _without_port(hosts[0].decode("latin-1").lower()) if len(hosts) == 1 else ""
        return name in self._names or (bool(self._suffixes) and name.endswith(self._suffixes))


def _without_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if name and port.isdecimal() else host
