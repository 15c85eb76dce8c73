"""PgBouncer in transaction mode before a PostgreSQL server, for tests."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.integration.embedded.programs import eventually, sql

_CONFIGURATION = """
[databases]
* = host={sockets} user=postgres pool_size={pool_size}
[pgbouncer]
pool_mode = transaction
server_reset_query_always = {forgets:d}
max_client_conn = 1000
listen_addr =
unix_socket_dir = {folder}
auth_type = any
"""

# PgBouncer refuses root, and only root and its owner reach the server's socket.
_AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=65534", "--clear-groups"]
_BUT_EVERYWHERE = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"]
_UNPRIVILEGED = [*_AS_NOBODY, *_BUT_EVERYWHERE] if os.geteuid() == 0 else []


@contextmanager
def pgbouncer(server_url: str, *, pool_size: int = 2, forgets: bool = True) -> Iterator[str]:
    """The folder of its socket; it gives each transaction the next connection that it has.

    As it `forgets`, nothing lasts from one transaction to the next; or else all does, for whoever comes next.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        configuration = Path(folder, "pgbouncer.ini")
        sockets = parse_qs(urlsplit(server_url).query)["host"][0]
        values = {"sockets": sockets, "folder": folder, "pool_size": pool_size, "forgets": forgets}
        configuration.write_text(_CONFIGURATION.format_map(values))
        with subprocess.Popen([*_UNPRIVILEGED, "pgbouncer", "--quiet", str(configuration)]) as pooler:
            try:
                eventually(lambda: sql(through(folder, server_url), "SELECT 1"))
                yield folder
            finally:
                pooler.kill()


def through(folder: str, url: str) -> str:
    """The way to the same database through the PgBouncer with this folder."""
    return urlsplit(url)._replace(query=urlencode({"host": folder, "port": 6432})).geturl()
