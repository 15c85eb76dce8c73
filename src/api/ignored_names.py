"""Report the names of members and parameters that a request has and the API ignores."""

import re
from collections.abc import Iterable
from itertools import islice
from urllib.parse import quote

from starlette.types import Scope

from src.api.middleware.response_headers import response_of

HEADER = "Ignored-Names"
MAX_NAMES = 10
MAX_NAME_LENGTH = 40
_CUT_ESCAPE = re.compile("%.?$")


def report_ignored(scope: Scope, names: Iterable[str]) -> None:
    """Add the names to the header `Ignored-Names`: percent-encoded, shortened, and no more than ten."""
    listed = [_escape(name) for name in islice(names, MAX_NAMES + 1)]
    text = ", ".join([*listed[:MAX_NAMES], *(["..."] if len(listed) > MAX_NAMES else [])])
    if text:
        response_of(scope).add({HEADER: text})
        scope["state"]["ignored_names"] = text


def _escape(name: str) -> str:
    return _CUT_ESCAPE.sub("", quote(name[:MAX_NAME_LENGTH], safe="[]", errors="replace")[:MAX_NAME_LENGTH])
