"""Terminate sessions of a database, as its operator."""

from tests.conftest import Connection

_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def end_all(server: Connection) -> None:
    """Terminate all sessions, as a server does that is restarted or suspended."""
    await server.execute(f"SELECT pg_terminate_backend(pid) {_OTHERS}")


async def end_one(server: Connection) -> None:
    """Terminate one session."""
    await server.execute(f"SELECT pg_terminate_backend(pid) {_OTHERS} ORDER BY random() LIMIT 1")
