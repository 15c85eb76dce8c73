"""The type of a hostile token, and the valid token from which most of them are made."""

from typing import NamedTuple

from tests.support.minting import token

GOOD = token()
HEADER, PAYLOAD, SIGNATURE = GOOD.split(".")


class Hostile(NamedTuple):
    """A token that is wrong in one way and must be refused, with a part of the reason."""

    name: str
    token: str
    reason: str
