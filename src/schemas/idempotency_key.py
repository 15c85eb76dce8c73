"""Idempotency keys, with which a client identifies a request that it may retry."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

MAX_KEY = 255

_STRING = rf'"((?:[ !#-\[\]-~]|\\["\\]){{1,{MAX_KEY}}})"'
_BARE = rf"[!#-~][ -~]{{0,{MAX_KEY - 1}}}"
_KEY = re.compile(f"{_STRING}|{_BARE}")


def _unquote(text: str) -> str:
    """Remove the quotes of a string in a structured field (RFC 9651, section 3.3.3)."""
    key = _KEY.fullmatch(text)
    if key is None:
        raise ValueError(f"must be 1 to {MAX_KEY} printable ASCII characters, bare or as a string in quotes")
    return text if key[1] is None else re.sub(r"\\(.)", r"\1", key[1])


IdempotencyKey = Annotated[
    str, Field(json_schema_extra={"pattern": f"^({_STRING}|{_BARE})$"}), AfterValidator(_unquote)
]
