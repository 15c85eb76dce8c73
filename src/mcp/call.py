"""Call a tool: validate its arguments, run it for an owner, and render the result or the error for the agent."""

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from src.errors.base import AppError
from src.mcp.errors import ToolMisuse, invalid_arguments, sentence
from src.mcp.services import OwnerServices
from src.mcp.tools import TOOLS, Tool
from src.services.owner import OwnerId

if TYPE_CHECKING:
    from src.app.components import Components


async def call_tool(components: "Components", owner: OwnerId, name: str, sent: dict[str, Any]) -> dict[str, Any]:
    """Call a tool and return a `CallToolResult`; whatever the agent can do better is its text, with `isError`."""
    tool = TOOLS[name]
    try:
        result = await tool.call(OwnerServices(components, owner), tool.arguments.model_validate(sent))
    except ValidationError as error:
        return _refusal(invalid_arguments(tool.name, list(tool.arguments.model_fields), tool.example, error))
    except ToolMisuse as misuse:
        return _refusal(str(misuse))
    except AppError as error:
        return _refusal(sentence(error))
    return _success(tool, result)


def _success(tool: Tool, result: dict[str, Any]) -> dict[str, Any]:
    return {"content": _text(tool.describe(result)), "structuredContent": result, "isError": False}


def _refusal(text: str) -> dict[str, Any]:
    return {"content": _text(text), "isError": True}


def _text(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]
