"""The time zone that a request names: the parameter `tz`, or else the header `Time-Zone`."""

from typing import Any

from fastapi import Request

from src.api.sent_names import sent_name
from src.errors.invalid import InvalidTimeZone
from src.schemas.query import TZ_DESCRIPTION
from src.schemas.time_zone import is_time_zone

_HEADER = "Time-Zone"
_STRING = {"type": "string"}

TZ = {"name": "tz", "in": "query", "required": False, "schema": _STRING, "description": TZ_DESCRIPTION}
TIME_ZONE_HEADER = {
    "name": _HEADER,
    "in": "header",
    "required": False,
    "schema": _STRING,
    "description": "The time zone of the client, such as `Europe/Paris`; used if there is no `tz`.",
}
ZONE_PARAMETERS: dict[str, Any] = {"parameters": [TZ, TIME_ZONE_HEADER]}
"""The parameters for the OpenAPI document. Handlers do not take them, because most requests need no time zone."""


def named_zone(request: Request) -> str | None:
    """Return the time zone that the request names, None if it names none.

    Raises:
        InvalidTimeZone: It names one that does not exist.
    """
    for field, name in (("tz", request.query_params.get("tz")), (_HEADER, request.headers.get(_HEADER))):
        if name is not None:
            if not is_time_zone(name):
                raise InvalidTimeZone(sent_name(request, field))
            return name
    return None
