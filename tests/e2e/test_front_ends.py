"""Several real Better Auth servers in front of one API, one of which has preview deployments."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from jose import jwt

from tests.e2e.api_server import ApiServer
from tests.e2e.better_auth_server import BetterAuthServer, BetterAuthUser, needs_node
from tests.e2e.conftest import StartApi

pytestmark = needs_node

PREVIEWS, PREVIEW = "app-git-*.example.test", "app-git-main.example.test"


@dataclass(frozen=True)
class FrontEnds:
    """An API that trusts two front ends, and a third one that it does not trust."""

    api: ApiServer
    web: BetterAuthServer
    admin: BetterAuthServer
    other: BetterAuthServer


@pytest.fixture(scope="module")
def front_ends(start_api: StartApi) -> Iterator[FrontEnds]:
    with ExitStack() as stack:
        web, admin, other = (
            stack.enter_context(
                BetterAuthServer(
                    secret=name * 32, plugin_algorithm="EdDSA", preview_hosts=PREVIEWS if name != "a" else None
                )
            )
            for name in "wao"
        )
        api = start_api(better_auth_url=f"{web.url},http://{PREVIEWS},{admin.url}")
        yield FrontEnds(api, web, admin, other)


def status(front_ends: FrontEnds, user: BetterAuthUser) -> int:
    return front_ends.api.tasks(user.id, user.plugin_token()).status_code


@pytest.mark.req("AUTH-FR-053")
def test_users_of_each_front_end_are_accepted(front_ends: FrontEnds) -> None:
    users = [front_end.sign_up() for front_end in (front_ends.web, front_ends.admin, front_ends.web)]
    assert [status(front_ends, user) for user in users] == [200] * 3


@pytest.mark.req("AUTH-FR-054")
def test_users_of_a_preview_deployment_are_accepted(front_ends: FrontEnds) -> None:
    user = front_ends.web.sign_up(host=PREVIEW)
    assert jwt.get_unverified_claims(user.plugin_token())["iss"] == f"http://{PREVIEW}"
    assert status(front_ends, user) == 200


@pytest.mark.req("AUTH-FR-053", "AUTH-FR-054")
@pytest.mark.parametrize("host", [None, PREVIEW])
def test_users_of_another_front_end_are_refused_also_with_an_issuer_that_is_trusted(
    front_ends: FrontEnds, host: str | None
) -> None:
    assert status(front_ends, front_ends.other.sign_up(host=host)) == 401
