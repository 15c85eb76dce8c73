"""What the service says while it runs: one line each on standard output, with the request that it belongs to."""

import json
import logging
import sys
from contextvars import ContextVar
from traceback import extract_tb
from types import TracebackType
from typing import Literal, NamedTuple

from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import TimeStamper, add_log_level
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_logger_name
from structlog.typing import EventDict, Processor


class Ids(NamedTuple):
    """What a line has in common with all others of the same request."""

    request_id: str
    trace_id: str | None


current_request: ContextVar[Ids | None] = ContextVar("current_request", default=None)
"""The request that is being served, for every line that is written meanwhile."""


def configure_logging(*, form: Literal["json", "plain"], level: str) -> None:
    """Log this project's lines from `level` on, and the libraries' from WARNING on (uvicorn's from INFO on).

    The standard library's loggers are used as everywhere; structlog gives their lines form. The line of each request
    comes from `src.api.request_log`.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_formatter(*_FORMS[form]))
    logging.raiseExceptions = False  # or else a line that cannot be written is, with the messages of exceptions
    logging.basicConfig(handlers=[handler], force=True)
    logging.getLogger("src").setLevel(level.upper())
    _take_over_uvicorn()


def described(error: BaseException, trace: TracebackType | None) -> dict[str, object]:
    """An exception without its message: those of PostgreSQL and asyncpg quote rows and arguments, the users' texts."""
    stack = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(trace)]
    return {"type": f"{type(error).__module__}.{type(error).__qualname__}", "stack": stack}


def _formatter(*rendering: Processor) -> logging.Formatter:
    return ProcessorFormatter(
        foreign_pre_chain=[_add_common, add_log_level, add_logger_name, ExtraAdder({"exception"})],
        processors=[TimeStamper("iso", utc=True), ProcessorFormatter.remove_processors_meta, *rendering],
    )


def _take_over_uvicorn() -> None:
    """Its lines go the way of all others; its access log, which quotes queries, goes nowhere and costs nothing."""
    for name in ("uvicorn", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
    logging.getLogger("uvicorn").propagate = True
    logging.getLogger("uvicorn").setLevel(logging.INFO)
    logging.getLogger("uvicorn.access").propagate = False


def _add_common(_: object, __: str, event: EventDict) -> EventDict:
    if ids := current_request.get():
        event.update((name, value) for name, value in ids._asdict().items() if value)
    if error := event.pop("exc_info", None):
        event["exception"] = described(*error[1:])
    event.pop("stack_info", None)
    return event


def _as_json(_: object, __: str, event: EventDict) -> str:
    return json.dumps({"timestamp": event["timestamp"], "level": event["level"], **event}, default=repr)


def _with_readable_stack(_: object, __: str, event: EventDict) -> EventDict:
    if error := event.get("exception"):
        event["exception"] = "\n  at ".join([error["type"], *error["stack"]])
    return event


_FORMS: dict[str, tuple[Processor, ...]] = {
    "json": (_as_json,),
    "plain": (_with_readable_stack, ConsoleRenderer(colors=False, exception_formatter=plain_traceback)),
}
