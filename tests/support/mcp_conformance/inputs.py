"""Tools and a prompt that ask the client for input: a result `input_required`, which the client sends again with it."""

import json

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp_types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequest,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
)

from tests.support.mcp_conformance.fixtures import prompt, text, tool

type Result = str | InputRequiredResult


def _ask(message: str, member: str = "name", kind: str = "string") -> ElicitRequest:
    schema = {"type": "object", "properties": {member: {"type": kind}}, "required": [member]}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def _sample(prompt: str) -> CreateMessageRequest:
    messages = [SamplingMessage(role="user", content=text(prompt))]
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=messages, max_tokens=100))


def _required(state: str | None = None, **requests: InputRequest) -> InputRequiredResult:
    return InputRequiredResult(input_requests=requests, request_state=state)


def _once_answered(context: Context, *, state: str | None = None, **requests: InputRequest) -> Result:
    """Require the requests until the client has sent a response to each, and then return these."""
    responses = context.input_responses or {}
    if requests.keys() <= responses.keys():
        return json.dumps({name: responses[name].model_dump(mode="json") for name in requests})
    return _required(state, **requests)


@tool()
def test_input_required_result_elicitation(context: Context) -> Result:
    return _once_answered(context, user_name=_ask("What is your name?"))


@tool()
def test_streaming_elicitation(context: Context) -> Result:
    return _once_answered(context, user_name=_ask("What is your name?"))


@tool()
def test_input_required_result_sampling(context: Context) -> Result:
    return _once_answered(context, capital_question=_sample("What is the capital of France?"))


@tool()
def test_input_required_result_list_roots(context: Context) -> Result:
    return _once_answered(context, client_roots=ListRootsRequest())


@tool()
def test_input_required_result_multiple_inputs(context: Context) -> Result:
    return _once_answered(
        context,
        state="multiple",
        user_name=_ask("What is your name?"),
        greeting=_sample("Generate a greeting"),
        client_roots=ListRootsRequest(),
    )


@tool()
def test_input_required_result_request_state(context: Context) -> Result:
    if context.request_state == "confirming" and "confirm" in (context.input_responses or {}):
        return "state-ok"
    return _required("confirming", confirm=_ask("Please confirm", "ok", "boolean"))


@tool()
def test_input_required_result_tampered_state(context: Context) -> Result:
    if context.request_state is None:
        return _required("confirming", confirm=_ask("Please confirm", "ok", "boolean"))
    return "state-ok"


@tool()
def test_input_required_result_multi_round(context: Context) -> Result:
    responses = context.input_responses or {}
    if context.request_state == "1" and "step1" in responses:
        return _required("2", step2=_ask("Step 2: What is your favorite color?", "color"))
    if context.request_state == "2" and "step2" in responses:
        return "All steps are done."
    return _required("1", step1=_ask("Step 1: What is your name?"))


@tool()
def test_input_required_result_capabilities(context: Context) -> Result:
    declared = context.client_capabilities
    possible = {
        "sample": _sample("Say hello") if declared is None or declared.sampling else None,
        "ask": _ask("What is your name?") if declared is None or declared.elicitation else None,
    }
    return _required("capabilities", **{name: request for name, request in possible.items() if request})


@prompt()
def test_input_required_result_prompt(context: Context) -> list[UserMessage] | InputRequiredResult:
    match (context.input_responses or {}).get("user_context"):
        case ElicitResult(content=dict() as content):
            return [UserMessage(text(f"Use the following context: {content['context']}"))]
    return _required(user_context=_ask("What context should the prompt use?", "context"))
