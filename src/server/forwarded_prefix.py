"""The path below which a proxy serves this service, as the proxy reports it (`X-Forwarded-Prefix`)."""

import re
from typing import Any

from uvicorn.config import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_HEADER = b"x-forwarded-prefix"
_MAX_LENGTH = 200
_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+")


def is_path_prefix(text: str) -> bool:
    """Return whether the text is a path of plain segments, which is safe in a link: `/tasks-api`."""
    return len(text) <= _MAX_LENGTH and _PATH.fullmatch(text) is not None


def trusts(config: Config, client: tuple[str, int] | None) -> bool:
    """Return whether this client is a proxy whose `X-Forwarded-…` headers are trusted (FORWARDED_ALLOW_IPS)."""
    app = config.loaded_app
    return isinstance(app, ProxyHeadersMiddleware) and (client[0] if client else None) in app.trusted_hosts


def add_forwarded_prefix(scope: Any, root_path: str) -> None:  # noqa: ANN401 - uvicorn's scope
    """Make the prefix of a trusted proxy the root path of the request, instead of `root_path`.

    Several proxies send several prefixes, the outermost first. A prefix that is no path is ignored.
    """
    values = [value for name, value in scope["headers"] if name == _HEADER]
    if not values:
        return
    parts = b",".join(values).decode("latin-1").split(",")
    prefix = "".join(part.strip().rstrip("/") for part in parts)
    if is_path_prefix(prefix):
        scope["path"] = prefix + scope["path"].removeprefix(root_path)
        scope["root_path"] = prefix
