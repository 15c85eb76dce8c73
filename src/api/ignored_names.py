"""Report the names of members and parameters that a request has and the API ignores."""

from collections.abc import Iterable

from starlette.types import Scope

from src.api.middleware.response_headers import response_of
from src.schemas.name_list import list_names

HEADER = "Ignored-Names"


def report_ignored(scope: Scope, names: Iterable[str]) -> None:
    """Add the names to the header `Ignored-Names`."""
    if text := list_names(names):
        response_of(scope).add({HEADER: text})
        scope["state"]["ignored_names"] = text
