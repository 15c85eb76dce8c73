"""The parameters that hosting providers and other clients put into PostgreSQL URLs, and what each means here.

A parameter that is not known, or not supported, is refused, because it may be one that protects the connection.
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
    "gssdelegation",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_idle_connection_lifetime",
    "max_protocol_version",
    "min_protocol_version",
    "pool_timeout",
    "single_use_connections",
    "socket_timeout",
    "sslcompression",
    "sslkeylogfile",
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
    "ssl_min_protocol_version": {"tlsv1", "tlsv1.1", "tlsv1.2"},
    "sslcertmode": {"allow"},
    "sslnegotiation": {"postgres"},
}

_SIGN_IN = "remove it, and put a user and a password into the URL"
_VERIFY = "remove it, and demand sslmode=verify-full, so that only the right server gets the password"
_UNSUPPORTED = {
    "hostaddr": "remove it, and put the address in the place of the host",
    "oauth_client_id": _SIGN_IN,
    "oauth_client_secret": _SIGN_IN,
    "oauth_issuer": _SIGN_IN,
    "oauth_scope": _SIGN_IN,
    "replication": "remove it, because the service runs ordinary statements",
    "require_auth": _VERIFY,
    "requirepeer": "remove it, and protect the folder of the socket by its permissions",
    "requiressl": "write sslmode=require instead",
    "scram_client_key": _SIGN_IN,
    "scram_server_key": _SIGN_IN,
    "service": "write the parameters of the service into the URL instead",
    "servicefile": "write the parameters of the service into the URL instead",
    "ssl_max_protocol_version": "remove it, because the newest version of TLS that both sides know is used",
    "sslcrl": "remove it if no certificate has been revoked, and otherwise replace the authority (sslrootcert)",
    "sslcrldir": "remove it if no certificate has been revoked, and otherwise replace the authority (sslrootcert)",
    "sslpassword": "remove it, and decrypt the file of sslkey",
}
"""Parameters of libpq that are refused, and what to do; ignoring one could weaken the connection or lead elsewhere."""

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

_LOWER_CASE = {name.lower(): name for name in KNOWN_PARAMETERS}

_ALIASES = {
    **dict.fromkeys(("true", "1", "on", "yes", "no-verify"), "require"),
    **dict.fromkeys(("false", "0", "off", "no"), "disable"),
}
"""Values of `ssl` and `sslmode` in other clients; libpq, too, takes `ssl=true` for `sslmode=require`."""

_ACCEPTED_CERTIFICATES = {"strict": "verify-full", "accept_invalid_certs": "prefer"}
_CHANNEL_BINDING = ("disable", "prefer", "require")
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
        _require_known(name)
        if not value:
            raise ValueError(f"the parameter {name} is empty: remove it, or give it a value")
        if name in _FIXED and value.lower() not in _FIXED[name]:
            raise ValueError(f"the parameter {name} must be {' or '.join(sorted(_FIXED[name]))}, or absent")
    return {name: value for name, value in query.items() if name in _SENT}


def _require_known(name: str) -> None:
    if remedy := _UNSUPPORTED.get(name.lower()):
        raise ValueError(f"the parameter {name} of libpq is not supported here: {remedy}")
    if name not in KNOWN_PARAMETERS:
        known = _LOWER_CASE.get(name.lower())
        remedy = f"write {known}" if known else "remove it, or correct its spelling"
        raise ValueError(f"the parameter {_quoted(name)} is unknown: {remedy}")


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
    if _channel_binding(query.get("channel_binding", "prefer")) == "require" or (authorities and not modes):
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


def _channel_binding(value: str) -> str:
    if value.lower() not in _CHANNEL_BINDING:
        raise ValueError(f"channel_binding must be one of {', '.join(_CHANNEL_BINDING)}")
    return value.lower()


def _accepted_certificates(value: str) -> str:
    if value not in _ACCEPTED_CERTIFICATES:
        raise ValueError(f"sslaccept must be one of {', '.join(_ACCEPTED_CERTIFICATES)}")
    return _ACCEPTED_CERTIFICATES[value]


def _quoted(name: str) -> str:
    """Quote the name unless it may be a part of a password with special characters."""
    return repr(name) if _NAME.fullmatch(name) else "after '?'"
