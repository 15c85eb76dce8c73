"""Tools, resources and prompts with each type of content."""

import base64
import json
from typing import Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.shared.exceptions import MCPError
from mcp_types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    AudioContent,
    EmbeddedResource,
    ImageContent,
    TextContent,
)
from pydantic import Field

from tests.support.mcp_conformance.fixtures import AUDIO, FIXTURES, IMAGE, PNG, embedded, prompt, text, tool


@tool()
def test_simple_text() -> str:
    return "This is a simple text response for testing."


@tool()
def test_image_content() -> list[ImageContent]:
    return [IMAGE]


@tool()
def test_audio_content() -> list[AudioContent]:
    return [AUDIO]


@tool()
def test_embedded_resource() -> list[EmbeddedResource]:
    return [embedded("test://embedded-resource", "This is an embedded resource content.")]


@tool()
def test_multiple_content_types() -> list[TextContent | ImageContent | EmbeddedResource]:
    return [text("Multiple content types test:"), IMAGE, embedded("test://mixed-content-resource", "{}")]


@tool()
def test_error_handling() -> str:
    raise RuntimeError("This tool intentionally returns an error for testing")


@tool()
def test_x_mcp_header(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]) -> str:
    return region


@tool()
def test_missing_capability(context: Context) -> str:
    capabilities = context.session.client_capabilities
    if capabilities is None or capabilities.sampling is None:
        required: dict[str, Any] = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "This tool needs sampling.", required)
    return "Sampling is possible."


@FIXTURES.resource("test://static-text")
def static_text() -> str:
    return "This is the content of the static text resource."


@FIXTURES.resource("test://static-binary", mime_type="image/png")
def static_binary() -> bytes:
    return base64.b64decode(PNG)


@FIXTURES.resource("test://template/{id}/data")
def template(id: str) -> str:  # noqa: A002 - the name is that of the suite
    return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


@prompt()
def test_simple_prompt() -> list[UserMessage]:
    return [UserMessage(text("This is a simple prompt for testing."))]


@prompt()
def test_prompt_with_arguments(arg1: str, arg2: str) -> list[UserMessage]:
    return [UserMessage(text(f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"))]


@prompt()
def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:  # noqa: N803 - as above
    return [UserMessage(embedded(resourceUri, "Embedded resource content for testing."))]


@prompt()
def test_prompt_with_image() -> list[UserMessage]:
    return [UserMessage(IMAGE), UserMessage(text("Please analyze the image above."))]
