"""Logging: one record a line on standard output, with the id of the request that it belongs to."""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from traceback import extract_tb
from typing import Any, Literal, NamedTuple


class RequestContext(NamedTuple):
    """The ids that all records of a request have in common."""

    request_id: str
    trace_id: str | None


request_context: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)
"""The ids of the request that is being served; every record has them."""


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        return json.dumps(_members(record), default=repr)


class PlainFormatter(logging.Formatter):
    """Formats a record as text, with the stack of an exception on lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        members = _members(record)
        timestamp, level, event = (members.pop(name) for name in ("timestamp", "level", "event"))
        exception = members.pop("exception", None)
        stack = "\n" + "\n  at ".join([exception["type"], *exception["stack"]]) if exception else ""
        return f"{timestamp} [{level:9}] {event}{''.join(f' {name}={members[name]}' for name in members)}{stack}"


_FORMATTERS = {"json": JsonFormatter, "plain": PlainFormatter}


def configure_logging(*, form: Literal["json", "plain"], level: str) -> None:
    """Write the records of this project from `level` on, and those of libraries from WARNING on (uvicorn from INFO on).

    All use the loggers of the standard library. `src.api.middleware.access_log` writes the record of each request.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_FORMATTERS[form]())
    logging.raiseExceptions = False  # or else a record that cannot be written is reported with its arguments
    logging.basicConfig(handlers=[handler], force=True)
    logging.getLogger("src").setLevel(level.upper())
    _redirect_uvicorn_loggers()


def describe_exception(error: BaseException) -> dict[str, Any]:
    """Describe an exception without its message, because those of PostgreSQL and asyncpg quote the users' texts."""
    stack = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)]
    return {"type": f"{type(error).__module__}.{type(error).__qualname__}", "stack": stack}


def _members(record: logging.LogRecord) -> dict[str, Any]:
    timestamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    members: dict[str, Any] = {"timestamp": timestamp, "level": record.levelname.lower(), "event": record.getMessage()}
    members["logger"] = record.name
    if context := request_context.get():
        members |= {name: value for name, value in context._asdict().items() if value}
    if exception := _exception(record):
        members["exception"] = exception
    return members


def _exception(record: logging.LogRecord) -> dict[str, Any] | None:
    """Return what the caller has described as `extra={"exception": …}`, or else describe `exc_info`."""
    error = record.exc_info and record.exc_info[1]
    return getattr(record, "exception", None) or (describe_exception(error) if error else None)


def _redirect_uvicorn_loggers() -> None:
    """Send uvicorn's records to our handler, except its access log, because that quotes queries."""
    for name in ("uvicorn", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
    logging.getLogger("uvicorn").propagate = True
    logging.getLogger("uvicorn").setLevel(logging.INFO)
    logging.getLogger("uvicorn.access").propagate = False
