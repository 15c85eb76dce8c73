"""A pooler in front of the database."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.integration.embedded.programs import eventually, sql

_PGBOUNCER = """
[databases]
* = host={sockets} user=postgres pool_size=2
[pgbouncer]
pool_mode = transaction
server_reset_query_always = 1
listen_addr =
unix_socket_dir = {folder}
auth_type = any
"""


# PgBouncer refuses root, and only root and its owner reach the server's socket.
_AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=65534", "--clear-groups"]
_BUT_EVERYWHERE = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"]
_UNPRIVILEGED = [*_AS_NOBODY, *_BUT_EVERYWHERE] if os.geteuid() == 0 else []


@pytest.fixture
def pooled_url(database_url: str) -> Iterator[str]:
    """The way to the database through PgBouncer, which gives each transaction the next connection that it has."""
    if not shutil.which("pgbouncer"):
        pytest.skip("PgBouncer is not installed")
    name = urlsplit(database_url).path
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        configuration = Path(folder, "pgbouncer.ini")
        configuration.write_text(
            _PGBOUNCER.format(sockets=parse_qs(urlsplit(database_url).query)["host"][0], folder=folder)
        )
        with subprocess.Popen([*_UNPRIVILEGED, "pgbouncer", "--quiet", str(configuration)]) as pooler:
            try:
                url = f"postgresql://postgres@{name}?host={quote(folder, safe='')}&port=6432"
                eventually(lambda: sql(url, "SELECT 1"))
                yield url
            finally:
                pooler.kill()
