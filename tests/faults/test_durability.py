"""What was acknowledged is there after everything was killed, however busy it was."""

from pathlib import Path

import pytest

from tests.faults.durability import Writer
from tests.faults.killing import Round, kill_everything_under_load, kill_the_database_under_load

_WRITERS = 4


def assert_sound(result: Round, before: int = 0) -> None:
    assert result.acknowledged > before + _WRITERS
    assert result.is_sound, result


@pytest.mark.req("TASK-FR-055", "RUN-FR-016")
def test_every_acknowledged_write_survives_kill_9_of_everything(tmp_path: Path) -> None:
    writers = [Writer() for _ in range(_WRITERS)]
    first = kill_everything_under_load(tmp_path, writers)
    second = kill_everything_under_load(tmp_path, writers)
    assert_sound(first)
    assert_sound(second, first.acknowledged)
    assert max(first.back_seconds, second.back_seconds) < 30


@pytest.mark.req("TASK-FR-055", "OPS-FR-030")
def test_every_acknowledged_write_survives_kill_9_of_the_database_alone(tmp_path: Path) -> None:
    result = kill_the_database_under_load(tmp_path, [Writer() for _ in range(_WRITERS)])
    assert_sound(result)
    assert result.back_seconds < 10
