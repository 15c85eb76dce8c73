"""Check the encryption of the database connection."""

from ssl import SSLContext
from urllib.parse import parse_qs, urlsplit

from src.db.url import DatabaseUrl
from src.doctor.connection import Connection
from src.doctor.findings import Finding, ok, warning

_ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
_REMEDY = "set sslmode=verify-full in DATABASE_URL"


async def tls(connection: Connection, url: DatabaseUrl) -> Finding:
    """Check `sslmode`. Behind a pooler only the URL counts, because PostgreSQL sees the pooler's own connection."""
    if isinstance(url.ssl, SSLContext):
        host = "and for this host" if url.ssl.check_hostname else "for any host (verify-ca)"
        return ok("TLS", f"encrypted, and the server's certificate is verified, {host}")
    if _is_local(url):
        return ok("TLS", "not needed: the database is on this machine")
    if url.ssl == "require":
        return warning("TLS", f"encrypted, but the server's certificate is not verified (sslmode=require): {_REMEDY}")
    if url.ssl != "disable" and await connection.fetchval(_ENCRYPTED):
        return warning("TLS", f"encrypted at the moment, but not guaranteed: {_REMEDY}")
    return warning("TLS", f"not encrypted: anyone on the network path can read it; {_REMEDY}")


def _is_local(url: DatabaseUrl) -> bool:
    parts = urlsplit(url.dsn)
    host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
    return host.startswith("/") or host in {"localhost", "127.0.0.1", "::1"}
