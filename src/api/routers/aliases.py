"""Other paths of the routes of users, for existing front ends (ADR 0040)."""

from collections.abc import Iterable, Iterator

from starlette.convertors import register_url_convertor
from starlette.routing import BaseRoute

from src.api.compiled_route import CompiledRoute
from src.api.path_alias import PathAlias
from src.api.routers.owner import TaskConvertor
from src.schemas.compatibility import TOGGLES

_USER = "/{user_id}"
_COUNTS = ("stats", "tags")


class OwnTaskConvertor(TaskConvertor):
    """Matches a task's id below `/api/tasks`, but not `tasks`: `/api/tasks/tasks` is the list of the user `tasks`."""

    regex = rf"(?!tasks(?:/|$)){TaskConvertor.regex}"


register_url_convertor("own_task", OwnTaskConvertor())


def aliases(routes: Iterable[BaseRoute], *, toggles: bool) -> Iterator[PathAlias]:
    """Build the other paths of the routes of users.

    These are the paths without a user id, `/api/{user_id}/stats` and `/api/{user_id}/tags`, and with `toggles` the
    synonyms of `…/complete`.
    """
    for route in routes:
        if isinstance(route, CompiledRoute) and _USER in route.path:
            for path in (route.path, *_synonyms(route.path, toggles=toggles)):
                if path != route.path:
                    yield PathAlias(path, route)
                yield PathAlias(_own(path), route)


def _own(path: str) -> str:
    return path.replace(_USER, "", 1).replace(":task}", ":own_task}")


def _synonyms(path: str, *, toggles: bool) -> Iterator[str]:
    below, _, name = path.rpartition("/")
    if name in _COUNTS:
        yield f"{below.removesuffix('/tasks')}/{name}"
    if toggles and name == "complete":
        yield from (f"{below}/{synonym}" for synonym in TOGGLES)
