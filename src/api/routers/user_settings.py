"""The routes of a user's settings."""

from fastapi import Response

from src.api.dependencies import Settings
from src.api.openapi import errors
from src.api.responses import json_response
from src.api.routers.owner import owner_router
from src.schemas.settings import UserSettings

router = owner_router("settings")


@router.get("", response_model=UserSettings)
async def get_settings(settings: Settings) -> Response:
    """Get the user's settings."""
    return json_response((await settings.settings()).model_dump_json())


@router.put("", response_model=UserSettings, responses=errors(400, 413, 415))
async def put_settings(settings: Settings, new: UserSettings) -> Response:
    """Store the user's settings."""
    await settings.replace(new)
    return json_response(new.model_dump_json())
