"""Malformed tokens: text, encoding, header, JSON. If there is a signature, it is valid."""

import json
from collections.abc import Iterator

from tests.support.minting import HS256, claims, mint, segment
from tests.unit.auth.hostile import GOOD, HEADER, PAYLOAD, SIGNATURE, Hostile

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
OTHER_ALGORITHMS = ["HS384", "HS512", "RS384", "RS512", "ES384", "ES256K", "PS384", "PS512", "Ed25519", "Ed448"]
OTHER_KINDS_OF_ALGORITHMS = ["HMAC", "dir", "RSA1_5", "A128KW", "S2"]
ODD_ALGORITHMS = [
    "none",
    "None",
    "NONE",
    "nOnE",
    "",
    "hs256",
    "HS256 ",
    " HS256",
    "HS256\0",
    "H\u017f256",
    "HS256,none",
]
NO_ALGORITHMS: list[object] = [None, 0, True, [], ["HS256"], {"HS256": 1}]
KINDS: list[object] = [
    "at+jwt",
    "better-auth.session-cache+jwt",
    "JWE",
    "JOSE",
    "application/at+jwt",
    "application/jwt",
    "dpop+jwt",
]
NO_KINDS: list[object] = ["logout+jwt", "secevent+jwt", "", "JWT ", "JWT\0", 1, None, [], ["JWT"], {}, True]
CRITICAL: list[object] = [[], ["exp"], ["b64"], "b64", None, {}, ["kid"], [1]]
NO_OBJECTS = ["[]", "null", "true", "1", '""', '"x"', " ", "[" * 3000, '"' * 3000, '{"a":"' + '\\"' * 2000]


def not_three_segments() -> Iterator[Hostile]:
    """Yield texts that cannot be a JWS."""
    for dots in (1, 2, 3, 4, 5, 8192):
        yield Hostile(f"{dots} dots", "." * dots, "")
    yield Hostile("empty", "", "not a JWT")
    yield Hostile("no header", f".{PAYLOAD}.{SIGNATURE}", "the header is empty")
    yield Hostile("no payload", f"{HEADER}..{SIGNATURE}", "the payload is empty")
    yield Hostile("no signature", f"{HEADER}.{PAYLOAD}.", "the signature is empty")
    for junk in ("é", "\u0660", "\ud800", "\U0001f600", "\uff41"):
        yield Hostile(f"beyond ASCII {junk!a}", GOOD + junk, "beyond ASCII")


def too_long() -> Iterator[Hostile]:
    """Yield a valid token with a suffix that makes it too long."""
    for length in (8193, 100_000):
        yield Hostile(f"{length} characters", f"{HEADER}.{PAYLOAD}.".ljust(length, "A"), "longer")
    yield Hostile("a good token that is too long", mint(claims(name="x" * 6200)), "longer")


def other_credentials() -> Iterator[Hostile]:
    """Yield other credentials that a front end may send by mistake."""
    for text in (
        "x" * 32,
        "a.b",
        f"{HEADER}.{PAYLOAD}",
        "xK9dS2mQ.Zm9vYmFy%2B%3D",
        "null",
        "undefined",
        "[object Object]",
    ):
        yield Hostile(f"opaque {text[:12]}", text, "opaque session token: send the JWT of /api/auth/token")
    for text in ("a.b.c.d.e", f"{segment({'alg': 'dir', 'enc': 'A256GCM'})}..YQ.YQ.YQ"):
        yield Hostile(f"JWE {text[:5]}", text, "encrypted token (JWE): send the JWT of /api/auth/token")
    cookie = segment({"session": {}, "expiresAt": 1, "signature": "x"})
    yield Hostile("compact cookie", cookie, "the strategy 'compact': send the JWT of /api/auth/token")


def other_spellings() -> Iterator[Hostile]:
    """Yield base64url that a lenient decoder accepts, in part as the bytes of a valid token."""
    for position, name in enumerate(("header", "payload", "signature")):
        good = GOOD.split(".")[position]
        spelled = [good[:2] + junk + good[2:] for junk in "=+/!* \n\r\t\x00,;:\"'%\\"]
        spelled += [f"{good}=", f"{good}==", f" {good}", f"{good}\n", f'"{good}"', _stray_bits(good)]
        for changed in spelled:
            parts = GOOD.split(".")
            parts[position] = changed
            yield Hostile(f"{name} {changed[:4]!a} {changed[-3:]!a}", ".".join(parts), f"the {name} is not canonical")


def _stray_bits(text: str) -> str:
    """Encode the same bytes with other trailing bits or, if there are none, with an impossible length."""
    return text[:-1] + ALPHABET[ALPHABET.index(text[-1]) + 1] if len(text) % 4 else f"{text}A"


def wrong_algorithms() -> Iterator[Hostile]:
    """Yield headers with an algorithm that is not accepted."""
    for algorithm in [*OTHER_ALGORITHMS, *OTHER_KINDS_OF_ALGORITHMS, *ODD_ALGORITHMS, *NO_ALGORITHMS]:
        yield Hostile(f"alg {algorithm!a}", mint(claims(), header={"alg": algorithm}), "the algorithm is")
    yield Hostile("no alg", mint(claims(), header={"typ": "JWT"}), "the algorithm is")
    for unsigned in ("none", "None", "NONE", "nOnE"):
        yield Hostile(f"unsigned {unsigned}", f"{segment({'alg': unsigned})}.{PAYLOAD}.", "empty")
        yield Hostile(f"{unsigned}, signed", f"{segment({'alg': unsigned})}.{PAYLOAD}.{SIGNATURE}", "the algorithm is")


def wrong_types() -> Iterator[Hostile]:
    """Yield headers that declare another type of token."""
    for kind in KINDS + NO_KINDS:
        yield Hostile(f"typ {kind!a}", mint(claims(), header={"alg": "HS256", "typ": kind}), "'typ'")


def extensions() -> Iterator[Hostile]:
    """Yield headers with critical extensions that the API does not support."""
    for critical in CRITICAL:
        yield Hostile(f"crit {critical!a}", mint(claims(), header={"alg": "HS256", "crit": critical}), "'crit'")
    for encoded in (True, False, None, "false"):
        yield Hostile(f"b64 {encoded!a}", mint(claims(), header={"alg": "HS256", "b64": encoded}), "'b64'")


def ambiguous_json() -> Iterator[Hostile]:
    """Yield headers and payloads that JSON parsers interpret differently."""
    for form in _json_forms(json.dumps(HS256.header)):
        yield Hostile(f"header {form[:16]!a} of {len(form)}", mint(claims(), header=form), "the header is")
    for form in _json_forms(json.dumps(claims())):
        yield Hostile(f"payload {form[:16]!a} of {len(form)}", mint(form), "the payload is")


def _json_forms(text: str) -> Iterator[bytes]:
    inside = text[1:-1]
    yield from (form.encode() for form in [*NO_OBJECTS, *_around(text), *_inside(inside)])
    yield from (f"{{{name}:{value},{inside}}}".encode() for name, value in _odd_members())
    yield from (text.encode("utf-16"), text.encode("utf-32"), b"\xff", f'{{"a":"\xe9",{inside}}}'.encode("latin-1"))
    yield f'{{"a":"\ud800",{inside}}}'.encode("utf-8", "surrogatepass")


def _around(text: str) -> Iterator[str]:
    yield from (text[:-1], text[1:], f"{text}x", text + text, f"[{text}]", f"/**/{text}", f"{text}\0", f"\ufeff{text}")


def _inside(inside: str) -> Iterator[str]:
    yield from (
        f"{{{inside},}}",
        f"{{{inside},{inside}}}",
        f"{{'a':1,{inside}}}",
        f"{{a:1,{inside}}}",
        f"{{,{inside}}}",
    )


def _odd_members() -> Iterator[tuple[str, str]]:
    yield from (('"a"', '1,"a":2'), ('"a"', '1,"\\u0061":2'), ('"a"', '{"b":1,"b":2}'), ('"a"', '[{"b":1,"b":2}]'))
    yield from (
        ('"a"', value) for value in ("NaN", "Infinity", "-Infinity", "9" * 4301, "0x1", ".5", "1.", "01", "True")
    )
    yield from (
        ('"a"', value) for value in ('"\t"', '"\\x41"', '"\\ud8"', "undefined", "[" * 2000, "[" * 33 + "]" * 33)
    )
    yield from (('"a"', value) for value in ("[" * 1000 + "]" * 1000, '{"a":' * 32 + "1" + "}" * 32))
