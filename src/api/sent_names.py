"""Name parameters and members in errors as the request names them, whichever spelling that is."""

from collections.abc import Sequence

from fastapi import Request

from src.schemas.name_list import shorten
from src.schemas.spellings import is_spelling


def sent_name(request: Request, name: str) -> str:
    """Return the spelling of a query parameter that the request has."""
    spelling = getattr(request.state, "spellings", {}).get(name)
    return name if spelling is None else shorten(spelling)


def sent_path(path: Sequence[str | int], body: object) -> str:
    """Return the path of a member, with the spellings that the body has, as `operations.0.update.changes.dueDate`."""
    names = []
    for name in path:
        spelling = _spelling(name, body)
        names.append(str(name) if spelling in (None, name) else shorten(str(spelling)))
        if spelling is not None:
            body = body[spelling]  # type: ignore[index]  # the spelling is one of its keys
    return ".".join(names)


def _spelling(name: str | int, body: object) -> str | int | None:
    """Return the key of an object, or the index of an array, that the name stands for; None if there is none."""
    if isinstance(body, list):
        return name if isinstance(name, int) and name < len(body) else None
    if not isinstance(body, dict) or not isinstance(name, str):
        return None
    return name if name in body else next((each for each in body if is_spelling(each, name)), None)
