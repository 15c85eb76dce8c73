"""Render errors as problem documents (RFC 9457), in one format for all of them."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from src.api.root_path import route_path
from src.api.sent_names import sent_name, sent_path
from src.errors.base import AppError, problem_document

# For what pydantic explains with a regular expression, or in the terms of Python.
_MESSAGES = {
    "string_pattern_mismatch": "must not contain the character NUL",
    "model_attributes_type": "must be a JSON object",
    "union_tag_invalid": "{discriminator} must be one of {expected_tags}",  # pydantic's repeats the value
    "union_tag_not_found": "{discriminator} is required",
}

_MAX_ERRORS = 100

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int,
    slug: str,
    title: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **members: object,
) -> Response:
    """Build a response in the problem format; `members` are added to the standard ones."""
    return Response(json.dumps(problem_document(status, slug, title, detail, **members)), status, headers, MEDIA_TYPE)


def render(error: AppError) -> Response:
    """Build the response for an error of the application."""
    return Response(json.dumps(error.problem), error.status, error.headers, MEDIA_TYPE)


def problem_of(request: Request, error: Exception) -> Response | None:
    """Build the response for an exception of the application or the framework; None for a defect."""
    match error:
        case AppError():
            return render(error)
        case HTTPException():
            return _framework_error(request, error)
        case RequestValidationError():
            return _invalid(request, error)
    return None


def _framework_error(request: Request, error: HTTPException) -> Response:
    if isinstance(error.__cause__, AppError):  # FastAPI wraps what is raised while it reads a body
        return render(error.__cause__)
    phrase = HTTPStatus(error.status_code).phrase
    slug = phrase.lower().replace(" ", "-")
    headers = error.headers if error.status_code != HTTPStatus.METHOD_NOT_ALLOWED else _allow(request) or error.headers
    return problem(error.status_code, slug, phrase, f"{error.detail}.", headers)


def _invalid(request: Request, error: RequestValidationError) -> Response:
    if isinstance(error.body, bytes):  # FastAPI parses JSON and nothing else
        detail = "Send 'Content-Type: application/json'."
        return problem(415, "unsupported-media-type", "Unsupported media type", detail)
    return _unprocessable(request, error.errors(), error.body)


def _allow(request: Request) -> dict[str, str]:
    """List all methods of the path (RFC 9110, section 15.5.6), because the framework lists those of one route."""
    matching = (route.methods for route in request.app.routes if route.path_regex.match(route_path(request.scope)))
    methods = set().union(*matching)
    return {"Allow": ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))} if methods else {}


def _unprocessable(request: Request, details: Sequence[Any], body: object) -> Response:
    """Render each error without its input, because that may be a secret, or no JSON at all."""
    details = details[:_MAX_ERRORS]
    errors = [
        {"field": _field(request, each, body), "message": _message(each), "type": each["type"]} for each in details
    ]
    detail = "; ".join(f"{each['field']}: {each['message']}" if each["field"] else each["message"] for each in errors)
    return problem(422, "invalid-request", "Invalid request", f"{detail}.", errors=errors)


def _message(detail: Any) -> str:  # noqa: ANN401 - pydantic_core's ErrorDetails
    message: str = detail["msg"]
    ours = _MESSAGES.get(detail["type"])
    if ours is not None:
        return ours.format_map(detail.get("ctx", {}))
    return plain(message)


def plain(message: str) -> str:
    """Remove the words from a message of Pydantic that say nothing to a client."""
    return message.removeprefix("Value error, ").replace(" after validation", "")


def _field(request: Request, detail: Any, body: object) -> str:  # noqa: ANN401 - pydantic_core's ErrorDetails
    """Join `("body", "tags", 0)` as `tags.0`; the position of a JSON syntax error is no field.

    A parameter has no index, because items may also be separated by commas.
    """
    source, *path = detail["loc"]
    if detail["type"] == "json_invalid" or not path:
        return ""
    return sent_name(request, path[0]) if source == "query" else sent_path(path, body if source == "body" else None)
