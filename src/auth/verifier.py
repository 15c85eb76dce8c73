"""Verify access tokens: the only code that turns a token into an identity."""

import time
from collections.abc import Callable, Sequence

from src.auth import compact_jws
from src.auth.algorithms import HMAC_ALGORITHM
from src.auth.claims import ClaimsContext, ClaimsPolicy, identity_of
from src.auth.compact_jws import OAUTH_TOKEN, SESSION_TOKEN, CompactToken
from src.auth.front_end import FrontEnd
from src.auth.identity import Identity
from src.auth.keyring import Keyring
from src.auth.token_cache import TokenCache


class TokenVerifier:
    """Verifies access tokens: HS256 with shared secrets, all other algorithms with the keys of their front end's JWKS.

    * `secrets`: all are tried, so that they can be rotated.
    * `front_ends`: the required `iss` and `aud`. JWKS tokens must have both. HS256 tokens may omit them, unless
      `require_issuer_and_audience_for_hs256` is set; if present, they must match.
    * `user_id_claim`: the only claim that identifies the user.
    * `is_oauth`: whether to verify the access tokens of OAuth clients (`typ` `at+jwt`, RFC 9068), and no others.
    * `accept_session_cookie_cache`: whether to accept the `session_data` cookie of Better Auth's
      `cookieCache: {strategy: "jwt"}`, which has neither `iss` nor `aud`.

    Raises:
        ValueError: The combination would refuse every token, or accept tokens that prove nothing.
    """

    def __init__(  # noqa: PLR0913 - one keyword per setting
        self,
        *,
        secrets: Sequence[str] = (),
        front_ends: Sequence[FrontEnd] = (),
        user_id_claim: str = "sub",
        require_issuer_and_audience_for_hs256: bool = False,
        accept_session_cookie_cache: bool = False,
        is_oauth: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.jwks = list(dict.fromkeys(each.jwks for each in front_ends if each.jwks is not None))
        """The clients of all front ends."""
        self._clock, self._cache, self._keys = clock, TokenCache(), Keyring(secrets, self.jwks)
        self._policy = ClaimsPolicy(
            front_ends=tuple(front_ends),
            user_id_claim=user_id_claim,
            strict_hs256=require_issuer_and_audience_for_hs256,
            accept_session_cookie_cache=accept_session_cookie_cache,
            is_oauth=is_oauth,
        )
        _check_settings(self._policy, by_secret=bool(secrets), by_jwks=bool(self.jwks))

    def cached(self, token: str) -> Identity | None:
        """Return the cached identity of a verified token, without waiting."""
        if len(token) > compact_jws.MAX_LENGTH or not token.isascii():
            return None
        return self._cache.get(token, now=self._clock(), generation=self._keys.generation())

    def parse(self, token: str) -> CompactToken:
        """Parse a token of the kind that this verifies; raises the errors of `verify`."""
        return compact_jws.parse(token, OAUTH_TOKEN if self._policy.is_oauth else SESSION_TOKEN)

    async def verify(self, token: str) -> Identity:
        """Verify a token and return its identity.

        Raises:
            Unauthorized: The token is invalid; `reason` says which check failed.
            SigningKeysUnavailable: The token's key is not cached, and the JWKS endpoint is unavailable.
        """
        return self.cached(token) or await self._verify(token)

    async def aclose(self) -> None:
        """Stop fetching keys and close the connections."""
        await self._keys.aclose()

    async def authenticate(self, token: CompactToken, context: ClaimsContext) -> None:
        """Verify the signature only; raises the errors of `verify`."""
        jwks = None if context.front_end is None else context.front_end.jwks
        await self._keys.authenticate(token, jwks, context.age)

    def claims_context(self, token: CompactToken) -> ClaimsContext:
        """Parse the claims for the checks; raises the errors of `verify`."""
        return ClaimsContext(token.claims(), token.algorithm == HMAC_ALGORITHM, self._clock(), self._policy)

    async def _verify(self, text: str) -> Identity:
        token = self.parse(text)
        context = self.claims_context(token)
        identity = identity_of(context)  # first, so that a token with invalid claims waits for no key
        await self.authenticate(token, context)
        self._cache.put(text, identity, generation=self._keys.generation())
        return identity


def _check_settings(policy: ClaimsPolicy, *, by_secret: bool, by_jwks: bool) -> None:
    if not by_secret and not by_jwks:
        raise ValueError("a verifier needs a secret or a JWKS")
    unnamed = [each for each in policy.front_ends if (each.jwks or policy.strict_hs256) and not each.names_its_tokens]
    if unnamed or (policy.strict_hs256 and not policy.front_ends):
        raise ValueError(
            "an issuer and an audience are needed: they distinguish access tokens from other tokens of the same keys"
        )
    if policy.user_id_claim == "email":
        raise ValueError("an e-mail address is no user id: verification links are signed with the same secret")
