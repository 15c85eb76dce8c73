"""The settings that production requires, and its refusals to start."""

import pytest

from src.config import load_settings

SECRET = "a-secret-of-the-tests-with-40-characters"
PASSWORD = "hunter2"
URL = f"postgresql://somebody:{PASSWORD}@db.example.com/tasks"
FRONT_END = "https://app.example.com"


def refusal() -> str:
    with pytest.raises(SystemExit) as refused:
        load_settings()
    return str(refused.value)
