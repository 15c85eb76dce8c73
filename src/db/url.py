"""Parse a PostgreSQL URL as hosting providers print it, into connection arguments for asyncpg."""

from dataclasses import dataclass, field
from ssl import SSLContext, create_default_context
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

_SCHEMES = {"postgres", "postgresql", "postgresql+asyncpg"}

# asyncpg sends any other parameter to the server, which rejects those of libpq, Prisma and node-postgres.
_PASSTHROUGH = {
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
_NOT_VERIFYING = ("disable", "allow", "prefer", "require")
_VERIFYING = ("verify-ca", "verify-full")


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """The address and TLS settings of a database; its repr shows no password.

    `sslmode` means what libpq means by it (https://www.postgresql.org/docs/current/libpq-ssl.html), with the system's
    certificate authorities where no `sslrootcert` is given. asyncpg does not support channel binding, so
    `channel_binding=require`, which demands proof of the server's identity, is treated as `sslmode=verify-full`.
    """

    dsn: str = field(repr=False)
    ssl: SSLContext | str | None = field(repr=False)
    pooled: bool
    """Whether it is Neon's pooled endpoint, which is PgBouncer in transaction mode."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a `postgres://` or `postgresql://` URL.

        Raises:
            ValueError: The URL or its TLS settings are invalid; the message does not quote the URL.
        """
        try:
            url = urlsplit(text.strip())
            query = dict(parse_qsl(url.query, keep_blank_values=True))
            has_host = (url.hostname or query.get("host")) and (url.port or True)
            # asyncpg would parse the text after the first @ as the host, and send half of a password to the DNS.
            is_valid = has_host and url.scheme in _SCHEMES and "@" not in url.netloc.partition("@")[2]
        except ValueError:
            is_valid = False
        if not is_valid:
            raise ValueError(
                "must look like postgresql://user:password@host/database, special characters percent-encoded"
            ) from None
        passthrough = {name: value for name, value in query.items() if name in _PASSTHROUGH}
        return cls(
            dsn=url._replace(scheme="postgresql", query=urlencode(passthrough)).geturl(),
            ssl=_ssl(query),
            pooled="-pooler." in (url.hostname or ""),
        )

    @property
    def connect_arguments(self) -> dict[str, Any]:
        """Keyword arguments for `asyncpg.connect`."""
        return {"dsn": self.dsn} | ({} if self.ssl is None else {"ssl": self.ssl})


def _ssl(query: dict[str, str]) -> SSLContext | str | None:
    mode, authorities = query.get("sslmode"), query.get("sslrootcert")
    if mode not in {None, *_VERIFYING, *_NOT_VERIFYING}:
        raise ValueError(f"sslmode must be one of {', '.join(_NOT_VERIFYING + _VERIFYING)}")
    if query.get("channel_binding") == "require" or (mode == "require" and authorities == "system"):
        mode = "verify-full"
    if mode == "require" and authorities:
        mode = "verify-ca"
    return _context(mode, query) if mode in _VERIFYING else mode


def _context(mode: str, query: dict[str, str]) -> SSLContext:
    authorities = query.get("sslrootcert", "system")
    try:
        context = create_default_context(cafile=None if authorities == "system" else authorities)
        if certificate := query.get("sslcert"):
            context.load_cert_chain(certificate, query.get("sslkey"))
    except OSError as error:
        raise ValueError(f"sslrootcert, sslcert or sslkey cannot be read: {error.strerror}") from None
    context.check_hostname = mode == "verify-full"
    return context
