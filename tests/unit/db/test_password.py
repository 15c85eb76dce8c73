"""A password beside the URL (`PGPASSWORD`), where special characters need no encoding, as in `compose.yaml`."""

import asyncio
import re
import string
from struct import pack, unpack

import asyncpg
import pytest

from src.db.url import DatabaseUrl
from tests.support.commands import ROOT

_CLEARTEXT = b"R" + pack("!ii", 8, 3)
"""The server's request for a password (https://www.postgresql.org/docs/current/protocol-message-formats.html)."""


@pytest.mark.req("RUN-FR-094")
async def test_any_character_may_be_in_the_password_of_compose(monkeypatch: pytest.MonkeyPatch) -> None:
    password = f"{string.punctuation} ä"
    monkeypatch.setenv("PGPASSWORD", password)
    received = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(unpack("!i", await reader.readexactly(4))[0] - 4)
        writer.write(_CLEARTEXT)
        _, length = unpack("!ci", await reader.readexactly(5))
        received.set_result((await reader.readexactly(length - 4)).rstrip(b"\0").decode())
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        [url] = re.findall(r"DATABASE_URL: (\S+)", (ROOT / "compose.yaml").read_text())
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
            await asyncpg.connect(
                **DatabaseUrl.parse(url.replace("@database/", f"@127.0.0.1:{port}/")).connect_arguments
            )
    assert await received == password
