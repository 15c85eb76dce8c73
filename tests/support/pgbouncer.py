"""PgBouncer in transaction mode before a PostgreSQL server, for tests."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.support.programs import eventually, sql

PORT = 6432
"""PgBouncer's default, by which the service recognizes it."""

_CONFIGURATION = """
[databases]
* = host={sockets} user=postgres pool_size={pool_size}
[pgbouncer]
pool_mode = transaction
server_reset_query_always = {forgets:d}
max_client_conn = 1000
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
server_login_retry = {login_retry}
"""
_FIRST_TO_KEEP = (1, 21)

# PgBouncer refuses root, and only root and its owner reach the server's socket.
_AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=65534", "--clear-groups"]
_BUT_EVERYWHERE = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"]
_UNPRIVILEGED = [*_AS_NOBODY, *_BUT_EVERYWHERE] if os.geteuid() == 0 else []


def _version(program: str = "pgbouncer") -> tuple[int, ...]:
    if not shutil.which(program):
        return ()
    output = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"\d+", output)[:2]))


def _programs() -> dict[tuple[int, ...], str]:
    """Return the installed PgBouncers by version: the one on the PATH, and the one that `.ci/pgbouncer` finds."""
    command = ["bash", str(Path(__file__).parents[2] / ".ci" / "pgbouncer")]
    folder = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    found = {_version(program): program for program in ("pgbouncer", f"{folder}/pgbouncer")}
    return {version: program for version, program in found.items() if version}


_VERSION = _version()
KEEPS_PREPARED_STATEMENTS = _VERSION >= _FIRST_TO_KEEP
_WHAT_IT_IS = f"PgBouncer {'.'.join(map(str, _VERSION))}" if _VERSION else "no PgBouncer"
_TOO_OLD = f"PgBouncer keeps prepared statements from 1.21 on, and there is {_WHAT_IT_IS} on the PATH"

POOLERS = [
    pytest.param(False, id="plain", marks=pytest.mark.skipif(not _VERSION, reason="PgBouncer is not installed")),
    pytest.param(True, id="prepared", marks=pytest.mark.skipif(not KEEPS_PREPARED_STATEMENTS, reason=_TOO_OLD)),
]
"""Values for `prepared`."""

PROGRAMS = [pytest.param(program, id=".".join(map(str, version))) for version, program in _programs().items()] or [
    pytest.param("pgbouncer", marks=pytest.mark.skip(reason="PgBouncer is not installed"))
]
"""Values for `program`."""


@contextmanager
def pgbouncer(
    server_url: str,
    *,
    prepared: bool = False,
    forgets: bool = True,
    pool_size: int = 2,
    login_retry: int = 15,
    program: str = "pgbouncer",
    port: int = PORT,
) -> Iterator[str]:
    """Run PgBouncer, which gives each transaction the next free connection, and return its socket's folder.

    With `forgets`, session state is reset after each transaction. Without it, or with `prepared`, state and prepared
    statements persist, and the next client of the connection inherits them.
    """
    assert KEEPS_PREPARED_STATEMENTS or not prepared, _TOO_OLD
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        configuration = Path(folder, "pgbouncer.ini")
        sockets = parse_qs(urlsplit(server_url).query)["host"][0]
        values = {
            "sockets": sockets,
            "folder": folder,
            "pool_size": pool_size,
            "login_retry": login_retry,
            "port": port,
        }
        text = _CONFIGURATION.format_map(values | {"forgets": forgets and not prepared})
        configuration.write_text(text + _statements(_version(program), prepared=prepared))
        with subprocess.Popen([*_UNPRIVILEGED, program, "--quiet", str(configuration)]) as pooler:
            try:
                eventually(lambda: sql(through(folder, server_url, port), "SELECT 1"))
                yield folder
            finally:
                pooler.kill()


def _statements(version: tuple[int, ...], *, prepared: bool) -> str:
    return f"max_prepared_statements = {200 if prepared else 0}\n" if version >= _FIRST_TO_KEEP else ""


def through(folder: str, url: str, port: int = PORT) -> str:
    """Return the URL of the same database through the PgBouncer with this folder."""
    return urlsplit(url)._replace(query=urlencode({"host": folder, "port": port})).geturl()
