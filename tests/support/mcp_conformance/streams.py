"""Tools that send the client notifications and requests while they are called, for which a call has no stream."""

from mcp.server.mcpserver import Context
from mcp_types import SamplingMessage
from pydantic import BaseModel

from tests.support.mcp_conformance.fixtures import text, tool


class _Answer(BaseModel):
    response: str


@tool()
async def test_logging_tool(context: Context) -> str:
    await context.info("Logged")
    return "Logged."


@tool()
async def test_tool_with_logging(context: Context) -> str:
    return await test_logging_tool(context)


@tool()
async def test_tool_with_progress(context: Context) -> str:
    for progress in (0, 50, 100):
        await context.report_progress(progress, 100)
    return "Done."


@tool()
async def test_sampling(prompt: str, context: Context) -> str:
    messages = [SamplingMessage(role="user", content=text(prompt))]
    sampled = await context.session.create_message(messages, max_tokens=100, related_request_id=context.request_id)
    return str(sampled.content)


@tool()
async def test_elicitation(message: str, context: Context) -> str:
    return str(await context.elicit(message, _Answer))
