"""The tools as clients list them."""

from mcp_types import Tool as ToolDescription
from mcp_types import ToolAnnotations

from src.mcp.json_schema import arguments_schema, result_schema
from src.mcp.tools import TOOLS, Tool


def _describe(tool: Tool) -> ToolDescription:
    return ToolDescription(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=arguments_schema(tool.arguments),
        output_schema=result_schema(tool.result),
        annotations=ToolAnnotations(
            read_only_hint=tool.reads,
            destructive_hint=tool.destroys,
            idempotent_hint=tool.reads or tool.repeatable,
            open_world_hint=False,
        ),
    )


TOOL_DESCRIPTIONS = list(map(_describe, TOOLS.values()))
