"""The values that tests send have every member of the contract that was reviewed, so no test can miss a new one."""

import json
from pathlib import Path

from tests.support.task_values import COMPARED, IMPORTED, NOT_STORED, SET_BY_SERVER, VALUES

SNAPSHOT = Path(__file__).parents[2] / "specs/001-tasks/contracts/openapi.json"


def test_the_values_have_every_member_of_the_reviewed_contract() -> None:
    schemas = json.loads(SNAPSHOT.read_text())["components"]["schemas"]
    assert VALUES.keys() | NOT_STORED | COMPARED == schemas["TaskUpdate"]["properties"].keys()
    assert VALUES.keys() | NOT_STORED | IMPORTED == schemas["TaskCreate"]["properties"].keys()
    assert VALUES.keys() | SET_BY_SERVER == schemas["Task"]["properties"].keys()


def test_the_last_value_of_a_member_differs_from_the_first() -> None:
    assert all(values[0] != values[-1] for values in VALUES.values())
