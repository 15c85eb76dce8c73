"""A PostgreSQL URL as people paste it, turned into what asyncpg needs."""

from dataclasses import dataclass, field
from ssl import SSLContext, create_default_context
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

_SCHEMES = {"postgres", "postgresql", "postgresql+asyncpg"}

# asyncpg would send any other parameter to the server, which refuses those of libpq, Prisma and node-postgres.
_KEPT = {
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
    """Where the database is and how to reach it; its repr shows no password.

    `sslmode` means what libpq means by it (https://www.postgresql.org/docs/current/libpq-ssl.html), with the system's
    certificate authorities where no `sslrootcert` is given. asyncpg cannot bind channels, so `channel_binding=require`,
    which asks for proof of the server's identity, is honoured as `sslmode=verify-full`.
    """

    dsn: str = field(repr=False)
    ssl: SSLContext | str | None = field(repr=False)
    pooled: bool
    """Neon's pooled endpoint: PgBouncer in transaction mode."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a `postgres://` or `postgresql://` URL.

        Raises:
            ValueError: It is no such URL, or its TLS settings make no sense; the message has no part of it.
        """
        try:
            url = urlsplit(text.strip())
            query = dict(parse_qsl(url.query, keep_blank_values=True))
            somewhere = (url.hostname or query.get("host")) and (url.port or True)
            # asyncpg would take what follows the first @ for a host, and ask the DNS for half a password.
            known = somewhere and url.scheme in _SCHEMES and "@" not in url.netloc.partition("@")[2]
        except ValueError:
            known = False
        if not known:
            raise ValueError(
                "must look like postgresql://user:password@host/database, special characters percent-encoded"
            ) from None
        kept = {name: value for name, value in query.items() if name in _KEPT}
        return cls(
            dsn=url._replace(scheme="postgresql", query=urlencode(kept)).geturl(),
            ssl=_ssl(query),
            pooled="-pooler." in (url.hostname or ""),
        )

    @property
    def connect_arguments(self) -> dict[str, Any]:
        """The keyword arguments for `asyncpg.connect`."""
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
