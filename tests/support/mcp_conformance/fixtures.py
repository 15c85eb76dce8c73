"""What the conformance suite of MCP wants every server to have, and the contents of it."""

from functools import partial

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.tools import Tool
from mcp_types import AudioContent, EmbeddedResource, ImageContent, TextContent, TextResourceContents

_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
IMAGE = ImageContent(data=PNG, mime_type="image/png")
AUDIO = AudioContent(data="UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=", mime_type="audio/wav")


def json_schema_2020_12_tool() -> str:
    return ""


_schema_tool = Tool.from_function(json_schema_2020_12_tool, description="A tool of the conformance suite")

FIXTURES = MCPServer("conformance", tools=[_schema_tool.model_copy(update={"parameters": _SCHEMA})])
"""The server of the SDK that collects tools, resources and prompts, which the modules beside this one add."""
tool = partial(FIXTURES.tool, description="A tool of the conformance suite", structured_output=False)
prompt = partial(FIXTURES.prompt, description="A prompt of the conformance suite")


def text(content: str) -> TextContent:
    return TextContent(text=content)


def embedded(uri: str, content: str) -> EmbeddedResource:
    return EmbeddedResource(resource=TextResourceContents(uri=uri, mime_type="text/plain", text=content))
