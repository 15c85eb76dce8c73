"""The query of a list, read at once: FastAPI looks for two dozen parameters in turn, which costs more than the list."""

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from src.schemas.query import TaskQuery

_SCHEMAS: dict[str, dict[str, Any]] = TaskQuery.model_json_schema()["properties"]
_LISTS = {name for name, schema in _SCHEMAS.items() if schema.get("type") == "array"}
_EVERYTHING = TaskQuery()

PARAMETERS = {"parameters": [{"name": name, "in": "query", "schema": schema} for name, schema in _SCHEMAS.items()]}
"""The same for the OpenAPI document."""


async def task_query(request: Request) -> TaskQuery:
    """What the client asks for; names that mean nothing here are ignored.

    Raises:
        RequestValidationError: A value means nothing.
        InvalidCursor: The cursor is none of ours.
    """
    sent = request.query_params
    if not sent:
        return _EVERYTHING
    known = _SCHEMAS.keys() & sent.keys()
    try:
        return TaskQuery.model_validate({name: sent.getlist(name) if name in _LISTS else sent[name] for name in known})
    except ValidationError as error:
        raise RequestValidationError([each | {"loc": ("query", *each["loc"])} for each in error.errors()]) from None


Filters = Annotated[TaskQuery, Depends(task_query)]
