"""Serve the measured routes with nothing but ASGI and asyncpg: the floor of what a server in Python costs.

Tokens are verified once and cached, statements are prepared by asyncpg, and JSON is written by PostgreSQL. Nothing is
logged, limited or documented.
"""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
from jose import JWTError, jwt

from src.config import load_settings
from src.schemas.priority import DEFAULT_PRIORITY, PRIORITIES
from src.schemas.task import Task

type Message = dict[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type Respond = tuple[int, str]

_SETTINGS = load_settings()
_SQL = Path(__file__).with_name("sql")
_NOT_FOUND = (404, '{"detail":"Not found"}')
_UNAUTHORIZED = (401, '{"detail":"Invalid or expired token"}')
_FORBIDDEN = (403, '{"detail":"Not authorized"}')


def _member(name: str) -> str:
    """Return a member's name and value as PostgreSQL writes them."""
    value = name
    if name == "priority":
        value = f"('{{{','.join(PRIORITIES)}}}'::text[])[priority + 1]"
    return f"'{name}', {value}"


def _statement(name: str) -> str:
    task = f"id, json_build_object({', '.join(map(_member, Task.model_fields))})::text AS json"
    return (_SQL / f"{name}.sql").read_text().replace("{task}", task)


_LIST, _GET, _CREATE, _TOGGLE = map(_statement, ("list", "get", "create", "toggle"))


class Floor:
    """An ASGI application with a pool and a cache of verified tokens."""

    pool: "asyncpg.Pool[asyncpg.Record]"

    def __init__(self) -> None:
        self._verified: dict[bytes, Message] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan of the process."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        status, text = await self._respond(scope, receive)
        body = text.encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.pool = await asyncpg.create_pool(
            _SETTINGS.database_url.dsn, min_size=1, max_size=10, server_settings={"timezone": "UTC"}
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.pool.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _respond(self, scope: Message, receive: Receive) -> Respond:
        if scope["path"] == "/health":
            return 200, '{"status":"ok"}'
        payload = self._verify(scope["headers"])
        if payload is None:
            return _UNAUTHORIZED
        _, _, owner, _, *rest = scope["path"].split("/")
        return await self._call(owner, rest, scope, receive) if owner == payload["sub"] else _FORBIDDEN

    async def _call(self, owner: str, rest: list[str], scope: Message, receive: Receive) -> Respond:
        match scope["method"], rest:
            case "GET", []:
                return await self._list(owner, int(scope["query_string"].removeprefix(b"limit=")))
            case "POST", []:
                return await self._create(owner, json.loads((await receive())["body"]))
            case "GET", [task]:
                return await self._detail(owner, 200, _GET, owner, int(task))
            case "PATCH", [task, "complete"]:
                return await self._detail(owner, 200, _TOGGLE, owner, int(task))
        return _NOT_FOUND

    def _verify(self, headers: list[tuple[bytes, bytes]]) -> Message | None:
        authorization = next((value for name, value in headers if name == b"authorization"), b"")
        payload = self._verified.get(authorization)
        if payload is None or payload["exp"] <= time.time():
            try:
                token = authorization.removeprefix(b"Bearer ").decode()
                payload = jwt.decode(token, _SETTINGS.secrets[0], algorithms=["HS256"])
            except JWTError:
                return None
            self._verified[authorization] = payload
        return payload

    async def _list(self, owner: str, limit: int) -> Respond:
        rows = await self.pool.fetch(_LIST, owner, limit + 1)
        more, shown = len(rows) > limit, rows[:limit]
        tasks = ",".join([row["json"] for row in shown])
        total = "null" if more else len(shown)
        cursor = f'"{_cursor(shown[-1]["id"])}"' if more else "null"
        return 200, f'{{"tasks":[{tasks}],"count":{len(shown)},"total":{total},"next_cursor":{cursor}}}'

    async def _create(self, owner: str, task: dict[str, Any]) -> Respond:
        priority = PRIORITIES.index(task.get("priority", DEFAULT_PRIORITY))
        members = task["title"], task.get("description"), task.get("completed", False), priority, task.get("tags", [])
        return await self._detail(owner, 201, _CREATE, owner, *members)

    async def _detail(self, owner: str, status: int, statement: str, *values: object) -> Respond:
        row = await self.pool.fetchrow(statement, *values)
        if row is None:
            return _NOT_FOUND
        next_task = "null"
        if row["next_task_id"] is not None:
            following = await self.pool.fetchrow(_GET, owner, row["next_task_id"])
            next_task = following["json"] if following else "null"
        return status, f'{row["json"][:-1]},"next_task":{next_task}}}'


def _cursor(task_id: int) -> str:
    return urlsafe_b64encode(f'["created_at", true, null, {task_id}]'.encode()).decode().rstrip("=")


app = Floor()
