"""Serve the measured routes as FastAPI tutorials and templates write them, on the same tables with the same members.

It is a reference of the benchmark, not a model: a session per request and a ping before it, a row that is read before
it is written and again afterwards, and a list that is counted by a statement of its own because its response has a
`total`. It does not load the user of the token from the database, because only some do.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response  # noqa: TID251 - it is the usual style
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from jose import JWTError, jwt
from pydantic import BeforeValidator
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.middleware.base import (
    BaseHTTPMiddleware,  # noqa: TID251 - it is the usual style
    RequestResponseEndpoint,
)

from benchmarks.workload import SIGNING_KEY
from src.config import load_settings
from src.models import TaskRow, User
from src.schemas import task as wire
from src.schemas.priority import PRIORITIES, PriorityName

url = make_url(load_settings().database_url.dsn).set(drivername="postgresql+asyncpg")
engine = create_async_engine(url, pool_pre_ping=True)


class TaskOut(wire.Task):
    """A task in a response."""

    priority: Annotated[PriorityName, BeforeValidator(PRIORITIES.__getitem__)]


class TaskDetailOut(TaskOut):
    """A task in a response about one task; no task of the benchmark recurs."""

    next_task: None = None


class TaskListOut(wire.TaskList):
    """A page of tasks."""

    tasks: list[TaskOut]  # type: ignore[assignment]  # the members are the same


class JWTMiddleware(BaseHTTPMiddleware):
    """Require a token for every request but that for /health."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Verify the token, then call the route."""
        if request.url.path == "/health":
            return await call_next(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            payload = jwt.decode(token, SIGNING_KEY, algorithms=["HS256"])
        except JWTError:
            return JSONResponse({"detail": "Invalid or expired token"}, 401)
        request.state.user_id = payload["sub"]
        return await call_next(request)


router = APIRouter(prefix="/api/{user_id}/tasks")
app = FastAPI()
app.add_middleware(JWTMiddleware)
app.add_middleware(
    CORSMiddleware,
    allow_origins=["http://localhost:3000"],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)


async def get_session() -> AsyncIterator[AsyncSession]:
    """Open a session for the request."""
    async with AsyncSession(engine) as session:
        yield session


async def get_owner(request: Request, user_id: str) -> str:
    """Return the user of the path, which has to be the user of the token."""
    if user_id != request.state.user_id:
        raise HTTPException(403, "Not your tasks")
    return user_id


Session = Annotated[AsyncSession, Depends(get_session)]
Owner = Annotated[str, Depends(get_owner)]


@router.get("", response_model=TaskListOut)
async def list_tasks(
    session: Session,
    owner: Owner,
    status: str = "all",
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> dict[str, Any]:
    """Return a page of the user's tasks, newest first, and how many there are."""
    matching = select(TaskRow).where(TaskRow.user_id == owner)
    if status != "all":
        matching = matching.where(TaskRow.completed == (status == "completed"))
    total = (await session.exec(select(func.count()).select_from(matching.subquery()))).one()
    page = matching.order_by(col(TaskRow.created_at).desc()).offset(offset).limit(limit)
    tasks = (await session.exec(page)).all()
    return {"tasks": tasks, "count": len(tasks), "total": total, "next_cursor": None}


@router.get("/{task_id}", response_model=TaskDetailOut)
async def get_task(session: Session, owner: Owner, task_id: int) -> TaskRow:
    """Return a task."""
    return await _task(session, owner, task_id)


@router.post("", status_code=201, response_model=TaskDetailOut)
async def create_task(session: Session, owner: Owner, body: wire.TaskCreate) -> TaskRow:
    """Add a task."""
    now = datetime.now(UTC)
    values = body.model_dump(exclude={"uid", "completed", "completed_at", "created_at"}) | {
        "priority": PRIORITIES.index(body.priority)
    }
    completed_at = now if body.completed else None
    values |= {
        "created_at": now,
        "updated_at": now,
        "last_event": "created",
        "revision": await _next_revision(session, owner),
    }
    task = TaskRow(**values, user_id=owner, completed_at=completed_at)
    return await _saved(session, task)


@router.patch("/{task_id}/complete", response_model=TaskDetailOut)
async def toggle_task(session: Session, owner: Owner, task_id: int) -> TaskRow:
    """Load the task, toggle its completion, and save it."""
    task = await _task(session, owner, task_id)
    task.updated_at = datetime.now(UTC)
    task.completed_at = None if task.completed else task.updated_at
    task.revision = await _next_revision(session, owner)
    return await _saved(session, task)


async def _task(session: AsyncSession, owner: str, task_id: int) -> TaskRow:
    task = (await session.exec(select(TaskRow).where(TaskRow.id == task_id, TaskRow.user_id == owner))).first()
    if task is None:
        raise HTTPException(404, "TaskRow not found")
    return task


async def _next_revision(session: AsyncSession, owner: str) -> int:
    user = await session.get_one(User, owner, with_for_update=True)
    user.revision += 1
    return user.revision


async def _saved(session: AsyncSession, task: TaskRow) -> TaskRow:
    session.add(task)
    await session.commit()
    await session.refresh(task)
    return task


@app.get("/health")
async def get_health() -> dict[str, str]:
    """Report that the process runs."""
    return {"status": "ok"}


app.include_router(router)
