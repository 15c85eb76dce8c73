"""`specs/limits.md` agrees with the constants in the code and with the sentences of the requirements."""

import re
from importlib import import_module
from inspect import signature
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import ColumnElement

from src.rate_limiting.rate import Rate

_SPECS = Path(__file__).parents[2] / "specs"
_TIMES = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "hours": 3600}
_UNITS = _TIMES | {"KiB": 1024, "MiB": 1024**2, "years": 365.25}
_MAXIMA = ("maxLength", "maxItems", "maximum")


def _rows(columns: int) -> list[list[str]]:
    lines = re.findall(r"^\| (.*) \|$", (_SPECS / "limits.md").read_text(), re.MULTILINE)
    rows = [line.split(" | ") for line in lines]
    return [row for row in rows if len(row) == columns and row[1] != "Value"]


_LIMITS = _rows(4)
_BOUNDS = _rows(3)
_SENTENCES = dict(
    re.findall(
        r"^- \*\*(.*?)\*\*: (.*)$", "\n".join(spec.read_text() for spec in _SPECS.glob("*/spec.md")), re.MULTILINE
    )
)


def test_both_tables_have_rows() -> None:
    assert _LIMITS
    assert _BOUNDS


@pytest.mark.parametrize(("value", "constant"), [(row[1], row[2].strip("`")) for row in _LIMITS])
def test_a_limit_has_the_value_of_its_constant(value: str, constant: str) -> None:
    if "SECONDS" in constant:
        assert value.rsplit(maxsplit=1)[-1] in _TIMES
    expected = value if "/" in value else _number(value)
    assert _value_of(constant) == expected


@pytest.mark.parametrize(
    ("value", "requirement"), [(row[1], id_) for row in _LIMITS + _BOUNDS for id_ in row[-1].split(", ")]
)
def test_a_requirement_repeats_the_value_of_its_limit(value: str, requirement: str) -> None:
    sentence = _SENTENCES[requirement].replace("`", "")
    assert re.search(rf"(?<![\d.]){re.escape(value)}\b", sentence), sentence


def test_a_constant_has_one_limit() -> None:
    constants = [row[2] for row in _LIMITS]
    assert sorted(constants) == sorted(set(constants))


def _value_of(constant: str) -> Any:
    module, _, name = constant.partition(":")
    value: Any = import_module(module)
    name, _, parameter = name.partition(".")
    value = getattr(value, name)
    if parameter:
        value = signature(value).parameters[parameter].default
    return _plain(value) / 1000 if name.endswith("MILLISECONDS") else _plain(value)


def _plain(value: Any) -> Any:
    """A number of seconds, bytes or things; of a type, the largest that it accepts."""
    if isinstance(value, int | float):
        return value
    if isinstance(value, Rate):
        return str(value)
    if isinstance(value, ColumnElement):  # an interval in a condition
        return _number(str(value).split("'")[1])
    schema = TypeAdapter(value).json_schema()
    return next(part[key] for part in (schema, *schema.get("anyOf", ())) for key in _MAXIMA if key in part)


def _number(text: str) -> float:
    """The number in seconds, bytes or things that a value such as `10 000 tags` or `4 MiB per second` means."""
    match = re.match(r"(\d+(?: \d{3})*)\s?(\S*)", text)
    assert match, text
    number = int(match[1].replace(" ", "")) * _UNITS.get(match[2], 1)
    return ceil(number) if match[2] == "years" else number
