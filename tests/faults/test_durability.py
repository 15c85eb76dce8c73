"""Durability: acknowledged writes survive the death of all processes under load."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.durability import Writer
from tests.faults.kill_rounds import (
    Round,
    kill_everything_under_load,
    kill_the_database_under_load,
    restart_the_database_under_load,
)


@pytest.mark.req("TASK-FR-055", "RUN-FR-016")
def test_every_acknowledged_write_survives_kill_9_of_everything(tmp_path: Path) -> None:
    writers = [Writer() for _ in range(4)]
    result = kill_everything_under_load(tmp_path, writers)
    assert result.is_sound, result


@pytest.mark.req("TASK-FR-055", "DB-FR-008")
@pytest.mark.parametrize("fault", [kill_the_database_under_load, restart_the_database_under_load])
def test_every_acknowledged_write_survives_the_end_of_the_database(
    tmp_path: Path, fault: Callable[[Path, list[Writer]], Round]
) -> None:
    result = fault(tmp_path, [Writer() for _ in range(4)])
    assert result.is_sound, result
    assert result.back_seconds < 10
