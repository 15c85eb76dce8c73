"""Parse unambiguous JSON objects: no duplicate members, no NaN, and limited nesting."""

import json
import re
from itertools import accumulate
from typing import Never

MAX_NESTING = 32

type JsonObject = dict[str, object]


class JsonFormError(ValueError):
    """The bytes are not an unambiguous JSON object; the message says why without quoting them."""


# An unterminated string matches too: otherwise each of its quotes would start another scan of the rest.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_NO_BRACKET = re.compile(rb"[^][{}]+")


def read_object(raw: bytes) -> JsonObject:
    """Parse a JSON object (RFC 8259, with the unique member names that RFC 7515, section 4, demands).

    Raises:
        JsonFormError: `raw` is not UTF-8, not JSON, not an object, is nested deeper than `MAX_NESTING`, names
            a member twice, or holds NaN or Infinity.
    """
    if _nesting(raw) > MAX_NESTING:
        raise JsonFormError("nested too deeply")
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except JsonFormError:
        raise
    except ValueError:  # not UTF-8, not JSON, or an integer of more digits than Python reads
        raise JsonFormError("not JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise JsonFormError("not a JSON object")
    return value


def _nesting(raw: bytes) -> int:
    brackets = _NO_BRACKET.sub(b"", _STRING.sub(b"", raw))
    return max(accumulate(1 if bracket in b"[{" else -1 for bracket in brackets), default=0)


def _unique(members: list[tuple[str, object]]) -> JsonObject:
    found = dict(members)
    if len(found) != len(members):
        raise JsonFormError("a member is named twice")
    return found


def _refuse_constant(_name: str) -> Never:
    raise JsonFormError("a number is not finite")
