"""The quota of a user: numbers, numbers with a unit, and no limit."""

import pytest

from src.config import load_settings


@pytest.mark.req("TASK-FR-315", "TASK-FR-316", "TASK-FR-320")
@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 2**28),
        ("65536", 65536),
        ("64KiB", 65536),
        ("1 gb", 2**30),
        ("2M", 2**21),
        ("99999b", 99999),
        ("off", 0),
        ("0", 0),
    ],
)
def test_bytes_are_a_number_with_or_without_a_unit(monkeypatch: pytest.MonkeyPatch, text: str, size: int) -> None:
    monkeypatch.setenv("TASK_BYTES_PER_USER", text)
    assert load_settings().task_bytes_per_user == size


@pytest.mark.req("TASK-FR-315", "TASK-FR-320")
@pytest.mark.parametrize(("text", "count"), [("", 100_000), ("1", 1), ("OFF", 0), ("0", 0)])
def test_tasks_are_a_number(monkeypatch: pytest.MonkeyPatch, text: str, count: int) -> None:
    monkeypatch.setenv("TASKS_PER_USER", text)
    assert load_settings().tasks_per_user == count


@pytest.mark.req("RUN-FR-002", "TASK-FR-320")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("TASK_BYTES_PER_USER", text) for text in ("65535", "63KiB", "-1", "1.5GiB", "many", "9999999999 TiB")),
        *(("TASKS_PER_USER", text) for text in ("-1", "1.5", "many", "9" * 30)),
    ],
)
def test_anything_else_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(SystemExit, match=f"^Invalid settings: {name}: "):
        load_settings()
