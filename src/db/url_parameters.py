"""The parameters that hosting providers and other clients put into PostgreSQL URLs, and what each means here.

An unknown parameter is refused, because it may be one that protects the connection.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""The values of `sslmode`, the stronger ones later."""

_SENT = {
    "application_name",
    "database",
    "dbname",
    "host",
    "options",
    "passfile",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "target_session_attrs",
    "user",
}
"""Parameters that asyncpg understands. It would send any other to the server, which rejects those of other clients."""

_TLS = {"channel_binding", "ssl", "sslaccept", "sslmode", "sslrootcert"}

# Timeouts and pool sizes are settings of this service or constants, and TCP keepalive is the system's.
_IGNORED = {
    "connect_timeout",
    "connection_limit",
    "fallback_application_name",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "max_idle_connection_lifetime",
    "pool_timeout",
    "single_use_connections",
    "socket_timeout",
    "sslcompression",
    "sslsni",
    "supa",
    "tcp_user_timeout",
    "uselibpqcompat",
    "workaround",
}

# What the service does in any case, so that another value is refused.
_FIXED = {
    "client_encoding": {"utf8", "utf-8", "auto"},
    "gssencmode": {"disable", "prefer", "allow"},
    "schema": {"public"},
    "sslnegotiation": {"postgres"},
}

_WITHOUT_PREPARED_STATEMENTS = {
    "pgbouncer": {"true", "1", "yes"},  # Prisma
    "prepare": {"false"},  # postgres.js
    "prepareThreshold": {"0"},  # JDBC
    "prepared_statement_cache_size": {"0"},  # SQLAlchemy
    "prepared_statements": {"false"},  # Rails
    "statement_cache_size": {"0"},  # asyncpg, Prisma
}

KNOWN_PARAMETERS = _SENT | _TLS | _IGNORED | _FIXED.keys() | _WITHOUT_PREPARED_STATEMENTS.keys()
"""All others are refused."""

_ALIASES = {
    **dict.fromkeys(("true", "1", "on", "yes", "no-verify"), "require"),
    **dict.fromkeys(("false", "0", "off", "no"), "disable"),
}
"""Values of `ssl` and `sslmode` in other clients; libpq, too, takes `ssl=true` for `sslmode=require`."""

_ACCEPTED_CERTIFICATES = {"strict": "verify-full", "accept_invalid_certs": "prefer"}
_NAME = re.compile(r"[A-Za-z_]{1,40}")


class TlsDemand(NamedTuple):
    """The TLS mode of libpq that a URL demands, None if it demands none, and the file of authorities."""

    mode: str | None
    authorities: str | None


def sent(query: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that asyncpg understands.

    Raises:
        ValueError: A parameter is unknown, or demands what this service does not support.
    """
    for name, value in query.items():
        if name in _FIXED and value.lower() not in _FIXED[name]:
            raise ValueError(f"the parameter {name} must be {' or '.join(sorted(_FIXED[name]))}, or absent")
        if name not in KNOWN_PARAMETERS:
            raise ValueError(f"the parameter {_quoted(name)} is unknown: remove it, or correct its spelling")
    return {name: value for name, value in query.items() if name in _SENT}


def has_pooler_sign(query: Mapping[str, str]) -> bool:
    """Whether a parameter says that prepared statements do not work."""
    return any(query.get(name, "").lower() in values for name, values in _WITHOUT_PREPARED_STATEMENTS.items())


def tls_demand(query: Mapping[str, str]) -> TlsDemand:
    """Return the strongest of the TLS modes that the parameters demand.

    Raises:
        ValueError: A value is not a TLS mode.
    """
    authorities = query.get("sslrootcert")
    modes = [_mode(name, query[name]) for name in ("sslmode", "ssl") if name in query]
    if "sslaccept" in query:
        modes.append(_accepted_certificates(query["sslaccept"]))
    if query.get("channel_binding") == "require" or (authorities and not modes):
        modes.append("verify-full")
    mode = max(modes, key=TLS_MODES.index) if modes else None
    if mode == "require" and authorities:
        mode = "verify-full" if authorities == "system" else "verify-ca"
    return TlsDemand(mode, authorities)


def _mode(name: str, value: str) -> str:
    mode = _ALIASES.get(value.lower(), value.lower())
    if mode not in TLS_MODES:
        others = " (ssl may be true or false, too)" if name == "ssl" else ""
        raise ValueError(f"{name} must be one of {', '.join(TLS_MODES)}{others}")
    return mode


def _accepted_certificates(value: str) -> str:
    if value not in _ACCEPTED_CERTIFICATES:
        raise ValueError(f"sslaccept must be one of {', '.join(_ACCEPTED_CERTIFICATES)}")
    return _ACCEPTED_CERTIFICATES[value]


def _quoted(name: str) -> str:
    """Quote the name unless it may be a part of a password with special characters."""
    return repr(name) if _NAME.fullmatch(name) else "after '?'"
