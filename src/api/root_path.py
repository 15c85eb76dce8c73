"""Serve below a path: `root_path` is what a proxy removed from the path (ASGI, `scope["root_path"]`)."""

from collections.abc import Collection

from starlette.types import Scope


def remove_root_path(scope: Scope, roots: Collection[str]) -> None:
    """Reduce the path to that of a route, so that middlewares compare paths as they do without a root path.

    Servers put the root path before the path that they receive. A proxy may have left it there, too; it is removed only
    before one of `roots`, the first segments of all routes, because a route may begin like the root path.
    """
    root = scope["root_path"] = scope["root_path"].rstrip("/")
    path = _below(root, scope["path"])
    inner = _below(root, path)
    scope["path"] = inner if inner.split("/")[1] in roots else path


def restore_root_path(scope: Scope) -> None:
    """Put the root path before the path again, as routes, links and `Location` need it."""
    scope["path"] = scope["root_path"] + scope["path"]


def route_path(scope: Scope) -> str:
    """Return the path of a request without the root path, before and after `restore_root_path`."""
    path: str = scope["path"]
    return _below(scope.get("root_path", ""), path)


def _below(root: str, path: str) -> str:
    return path[len(root) :] or "/" if f"{path}/".startswith(f"{root}/") else path
