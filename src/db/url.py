"""Parse a PostgreSQL URL as hosting providers print it, into connection arguments for asyncpg."""

from dataclasses import dataclass, field
from ssl import SSLContext, create_default_context
from typing import Any, Self
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from src.db.url_parameters import has_pooler_sign, sent, tls_demand

_SCHEMES = {"postgres", "postgresql", "postgresql+asyncpg"}
_VERIFYING = {"verify-ca", "verify-full"}

_POOLER_PORTS = {"6432", "6543"}
"""The default ports of PgBouncer, PgCat and Odyssey, and of Supabase's pooler."""


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
    """Whether host, port or parameters are those of a pooler in transaction mode; other poolers show at run time."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a `postgres://` or `postgresql://` URL.

        Raises:
            ValueError: The URL or its TLS settings are invalid; the message does not quote the URL.
        """
        try:
            url = urlsplit(text.strip())
            parameters = parse_qsl(url.query, keep_blank_values=True)
            query = dict(parameters)
            has_host = (url.hostname or query.get("host")) and (url.port or True)
            is_valid = has_host and url.scheme in _SCHEMES and not _is_torn(url)
        except ValueError:
            is_valid = False
        if not is_valid:
            raise ValueError(
                "must look like postgresql://user:password@host/database, special characters percent-encoded"
            ) from None
        if len(query) < len(parameters):
            raise ValueError("has a parameter twice")
        return cls(
            dsn=url._replace(scheme="postgresql", query=urlencode(sent(query))).geturl(),
            ssl=_ssl(query),
            pooled=_is_pooled(url, query),
        )

    @property
    def connect_arguments(self) -> dict[str, Any]:
        """Keyword arguments for `asyncpg.connect`."""
        return {"dsn": self.dsn} | ({} if self.ssl is None else {"ssl": self.ssl})


def _is_torn(url: SplitResult) -> bool:
    """Whether a password with special characters tore the URL: half of it would be sent to the DNS, or be shown."""
    return "@" in url.netloc.rpartition("@")[0] + url.path + url.query or bool(url.fragment)


def _is_pooled(url: SplitResult, query: dict[str, str]) -> bool:
    port = str(url.port or query.get("port"))
    return "pooler" in (url.hostname or query.get("host", "")) or port in _POOLER_PORTS or has_pooler_sign(query)


def _ssl(query: dict[str, str]) -> SSLContext | str | None:
    mode, authorities = tls_demand(query)
    return _context(mode, authorities, query) if mode in _VERIFYING else mode


def _context(mode: str, authorities: str | None, query: dict[str, str]) -> SSLContext:
    try:
        context = create_default_context(cafile=None if authorities in {None, "system"} else authorities)
        if certificate := query.get("sslcert"):
            context.load_cert_chain(certificate, query.get("sslkey"))
    except OSError as error:
        raise ValueError(f"sslrootcert, sslcert or sslkey cannot be read: {error.strerror}") from None
    context.check_hostname = mode == "verify-full"
    return context
