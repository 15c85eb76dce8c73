"""Tokens signed by the right key with claims that must be refused."""

import json
from collections.abc import Iterator

from tests.support.minting import AUDIENCE, EDDSA, HS256, ISSUER, NOW, RS256, Json, claims, mint, token
from tests.unit.auth.hostile import Hostile

type WrongClaim = tuple[str, object, str]

NO_NUMBERS: list[object] = [None, True, False, "9999999999", "", [], {}, [NOW + 9]]
NO_DATES = ["1e400", "-1e400", "1" + "0" * 400, "-1" + "0" * 400, "1e300", "253402300800", f"{NOW:.0f}000"]
OTHER_ISSUERS = ["", f"{ISSUER}/", ISSUER.upper(), ISSUER[:-1], f"{ISSUER}.evil.example", f" {ISSUER}", "http://app"]
NO_ISSUERS: list[object] = [None, 1, True, [ISSUER], {"url": ISSUER}]
OTHER_AUDIENCES: list[object] = ["", f"{AUDIENCE}/", AUDIENCE.upper(), AUDIENCE[:-1], "client-id", [], ["other"]]
NO_AUDIENCES: list[object] = [None, 1, {}, [1], [AUDIENCE, 1], [[AUDIENCE]], [None], True]
NO_SUBJECTS: list[object] = [None, 0, 1, True, [], {}, ["user-1"], {"id": "user-1"}]
UNPRINTABLE = " \t\n\r\0\x0b\x1f\x7f\x85\xa0\u2028\u2029\u200b\u202e\u3000\ufeff\ud800\udfff"
LINK: Json = {"email": "demo@example.com", "iat": NOW - 1, "exp": NOW + 3600}
COOKIE: Json = {"session": {"userId": "user-1"}, "user": {"id": "user-1"}, "iat": NOW - 1, "exp": NOW + 300}


def wrong_times() -> Iterator[Hostile]:
    """Yield tokens with times that are past, future or invalid."""
    yield from _changed(
        *((name, value, "not a number") for name in ("exp", "nbf", "iat") for value in NO_NUMBERS),
        *(("exp", value, "expired") for value in (0, -1, NOW, NOW - 0.001, NOW - 1e6)),
        *((name, NOW + ahead, "clocks") for name in ("nbf", "iat") for ahead in (30.001, 31, 1e6)),
        ("exp", ..., "there is no 'exp'"),
    )
    for name in ("exp", "nbf", "iat"):
        for raw in NO_DATES:
            payload = json.dumps(claims(**{name: "HERE"})).replace('"HERE"', raw).encode()
            yield Hostile(f"{name} {raw[:13]} of {len(raw)}", mint(payload), "year 10000")


def wrong_parties() -> Iterator[Hostile]:
    """Yield tokens with a wrong issuer or audience."""
    yield from _changed(
        *(("iss", value, "the issuer is") for value in OTHER_ISSUERS + NO_ISSUERS),
        *(("aud", value, "the audience is") for value in OTHER_AUDIENCES),
        *(("aud", value, "'aud' is neither") for value in NO_AUDIENCES),
    )
    for name in ("iss", "aud"):
        yield Hostile(f"JWKS token without {name}", token(EDDSA, **{name: ...}), f"there is no '{name}'")


def wrong_users() -> Iterator[Hostile]:
    """Yield tokens without a valid user ID."""
    yield from _changed(
        *(("sub", value, "not a string") for value in NO_SUBJECTS),
        *(("sub", value, "characters, not") for value in ("", "x" * 256)),
        *(("sub", f"user{junk}1", "cannot be printed") for junk in UNPRINTABLE),
        *(("sub", junk, "cannot be printed") for junk in UNPRINTABLE),
        *(("sub", path, "cannot stand in a path") for path in ("a/b", "/", "../x", ".", "..")),
        ("sub", ..., "there is no 'sub'"),
    )


def _changed(*wrong: WrongClaim) -> Iterator[Hostile]:
    for name, value, reason in wrong:
        for signer in (HS256, EDDSA):
            shown = f"{value!a}"[:22]
            yield Hostile(f"{signer.algorithm} {name} {shown}", token(signer, **{name: value}), reason)


def tokens_for_other_ends() -> Iterator[Hostile]:
    """Yield tokens that Better Auth signs with the same keys for other purposes."""
    plain = {"alg": "HS256"}
    yield Hostile("verification link", mint(LINK, HS256, plain), "e-mail verification link")
    changing = LINK | {"updateTo": "eve@example.com", "requestType": "change-email-verification"}
    yield Hostile("change of address", mint(changing, HS256, plain), "e-mail verification link")
    yield Hostile("session_data cookie", mint(COOKIE, HS256, plain), "'session_data' cookie")
    published = COOKIE | {"iss": ISSUER, "aud": AUDIENCE}
    yield Hostile("session_data cookie of a JWKS key", mint(published, EDDSA), "there is no 'sub'")
    kind = {"typ": "better-auth.session-cache+jwt"}
    yield Hostile("session cache", mint(claims(aud="better-auth:session-cache"), RS256, RS256.header | kind), "'typ'")
    yield Hostile("session cache without its type", token(RS256, aud="better-auth:session-cache"), "the audience is")
    yield Hostile("OAuth ID token", token(EDDSA, aud="client-id"), "the audience is 'client-id'")
    access = mint(claims(iss=f"{ISSUER}/api/auth"), EDDSA, EDDSA.header | {"typ": "at+jwt"})
    yield Hostile("OAuth access token", access, "'typ' is 'at+jwt'")
