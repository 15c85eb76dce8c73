"""The wire format of a user's settings."""

from typing import Annotated

from pydantic import ConfigDict, Field

from src.schemas.spellings import Spelled
from src.schemas.time_zone import TimeZone


class UserSettings(Spelled):
    """The settings of a user, which apply unless a request says otherwise."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"time_zone": "Pacific/Auckland"}]})

    time_zone: Annotated[
        TimeZone | None, Field(description="The time zone of requests that name none; null if there is none.")
    ]
