"""Fuzzing: for all bytes, `verify` returns an identity or raises one of its two refusals."""

import json
import random
from collections.abc import Callable

import pytest

from src.auth import base64url
from src.auth.verifier import TokenVerifier
from src.errors.client import Unauthorized
from tests.support.minting import HS256, SIGNERS, claims, mint, token

pytestmark = pytest.mark.req("AUTH-FR-010", "AUTH-FR-022")

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.+/ \n\0é\ud800\U0001f600"
FRAGMENTS = [
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "1e999",
    "NaN",
    "null",
    "-",
    "\\u0000",
    "\\ud800",
    '"sub"',
    '"exp"',
]

type Mutation = Callable[[random.Random, str], str]


def replaced(chance: random.Random, text: str) -> str:
    index = chance.randrange(len(text))
    return text[:index] + chance.choice(ALPHABET) + text[index + 1 :]


def inserted(chance: random.Random, text: str) -> str:
    index = chance.randrange(len(text))
    return text[:index] + "".join(chance.choices(ALPHABET, k=chance.randint(1, 5))) + text[index:]


def cut(chance: random.Random, text: str) -> str:
    start, end = sorted(chance.choices(range(len(text)), k=2))
    return text[:start] + text[end + 1 :]


def swapped(chance: random.Random, text: str) -> str:
    parts = text.split(".")
    chance.shuffle(parts)
    return ".".join(parts + chance.choices(parts, k=chance.randint(0, 2)))


def noise(chance: random.Random, _text: str) -> str:
    return "".join(chance.choices(ALPHABET, k=chance.randint(0, 60)))


def random_bytes(chance: random.Random, _text: str) -> str:
    return ".".join(base64url.encode(chance.randbytes(chance.randint(0, 40))) for _ in range(chance.randint(1, 4)))


async def survives(verifier: TokenVerifier, text: str) -> bool:
    """Whether the token was accepted; any other exception than a refusal fails the test."""
    try:
        await verifier.verify(text)
    except Unauthorized:
        return False
    return True


@pytest.mark.parametrize("mutation", [replaced, inserted, cut, swapped, noise, random_bytes])
async def test_no_mutation_of_a_good_token_is_accepted(verifier: TokenVerifier, mutation: Mutation) -> None:
    chance = random.Random(f"{mutation.__name__}")  # noqa: S311 - the same tokens in each run
    good = [token(signer) for signer in SIGNERS]
    for _ in range(400):
        original = chance.choice(good)
        mutant = mutation(chance, original)
        assert mutant == original or not await survives(verifier, mutant), mutant


@pytest.mark.parametrize("part", ["header", "payload"])
async def test_json_that_was_broken_before_it_was_signed_is_refused_or_still_good(
    verifier: TokenVerifier, part: str
) -> None:
    chance = random.Random(part)  # noqa: S311 - the same tokens in each run
    accepted = 0
    for _ in range(1500):
        text = json.dumps(HS256.header if part == "header" else claims())
        for _ in range(chance.randint(1, 3)):
            index = chance.randrange(len(text))
            text = text[:index] + chance.choice(FRAGMENTS) + text[index + chance.randint(0, 2) :]
        broken = text.encode("utf-8", "surrogatepass")
        mutant = mint(claims(), header=broken) if part == "header" else mint(broken)
        accepted += await survives(verifier, mutant)
    assert accepted < 500
