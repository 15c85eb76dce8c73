"""APIs for one module of end-to-end tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.api_server import ApiServer, api_server

type StartApi = Callable[..., ApiServer]


@pytest.fixture(scope="module")
def start_api(database_url: str) -> Iterator[StartApi]:
    """Return a function that starts an API for the module; settings are given by name."""
    with ExitStack() as stack:

        def start(**settings: str) -> ApiServer:
            return stack.enter_context(api_server(**{"database_url": database_url} | settings))

        yield start
