"""Prompts: what a user may ask an agent to do with one click."""

from typing import NamedTuple

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, GetPromptResult, PromptMessage, TextContent
from mcp_types import Prompt as PromptDescription


class _Prompt(NamedTuple):
    title: str
    description: str
    text: str


_PROMPTS = {
    "plan_my_day": _Prompt(
        "Plan my day",
        "Choose what to do today, of what is overdue, due and important.",
        "Plan my day. Call overview, then list_tasks with overdue=true, with due_before tomorrow, and with priority "
        "urgent and high. Propose at most seven tasks for today in an order, and say in a few words why. List what you "
        "would move to another day. Change nothing before I agree; then move it with one call of update_tasks.",
    ),
    "weekly_review": _Prompt(
        "Weekly review",
        "Look back at the week, and clear up what is stuck.",
        "Review my week. Call overview, then list_tasks with status=completed and sort=-updated_at, with overdue=true, "
        "and with no_due_date=true. Say what I have finished, what is late and what has had no date for long. For each "
        "late or old task propose a new date, a smaller first step, or its deletion. Change nothing before I agree.",
    ),
}

PROMPTS = [
    PromptDescription(name=name, title=each.title, description=each.description) for name, each in _PROMPTS.items()
]


def get_prompt(name: str) -> GetPromptResult:
    """Return a prompt.

    Raises:
        MCPError: There is none of this name.
    """
    if name not in _PROMPTS:
        raise MCPError(INVALID_PARAMS, f"Unknown prompt; the prompts are {', '.join(_PROMPTS)}.")
    prompt = _PROMPTS[name]
    message = PromptMessage(role="user", content=TextContent(text=prompt.text))
    return GetPromptResult(description=prompt.description, messages=[message])
