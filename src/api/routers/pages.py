"""The pages for people: what this is, and its documentation, whose viewer is served from here as well."""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

from src.api.compiled_route import CompiledRoute

router = APIRouter(route_class=CompiledRoute)

_OPENAPI = "/openapi.json"
_DOCUMENTATION = "/docs"
_SCRIPT = f"{_DOCUMENTATION}/swagger-ui-bundle.js"
_STYLE = f"{_DOCUMENTATION}/swagger-ui.css"

_ASSETS = Path(str(files("fastapi_swagger.resources")))
_ASSET_HEADERS = {"Cache-Control": "public, max-age=86400"}
_NO_ICON = "data:,"
_OTHER_SOURCES = (
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)
_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
_INDEX = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title><link rel="icon" href="data:,"></head>
<body>
<h1>{title}</h1>
<p>{description}</p>
<p><a href="{documentation}">Documentation</a> · <a href="{openapi}">OpenAPI document</a></p>
</body>
</html>
"""


@router.get("/", include_in_schema=False)
async def get_index(request: Request) -> Response:
    """Respond with what this is: a page for browsers, JSON for all others."""
    root = request.scope.get("root_path", "")
    index = {
        "title": request.app.title,
        "description": request.app.summary,
        "documentation": f"{root}{_DOCUMENTATION}",
        "openapi": f"{root}{_OPENAPI}",
    }
    if "text/html" not in request.headers.get("Accept", ""):
        return JSONResponse(index, headers={"Vary": "Accept"})
    page = _INDEX.format_map({name: escape(text) for name, text in index.items()})
    return HTMLResponse(
        page, headers={"Vary": "Accept", "Content-Security-Policy": "default-src 'none'; img-src data:"}
    )


@router.get(_OPENAPI, include_in_schema=False)
async def get_openapi(request: Request) -> JSONResponse:
    """Respond with the OpenAPI document; below a root path, its server has that path."""
    document = request.app.openapi()
    [server] = document["servers"]
    return JSONResponse(document | {"servers": [server | {"url": request.scope.get("root_path") or server["url"]}]})


@router.get(_DOCUMENTATION, include_in_schema=False)
async def get_documentation(request: Request) -> Response:
    """Show the OpenAPI document with Swagger UI, and let its page load nothing from elsewhere."""
    root = request.scope.get("root_path", "")
    page = get_swagger_ui_html(
        openapi_url=f"{root}{_OPENAPI}",
        title=request.app.title,
        swagger_js_url=f"{root}{_SCRIPT}",
        swagger_css_url=f"{root}{_STYLE}",
        swagger_favicon_url=_NO_ICON,
        swagger_ui_parameters={"tryItOutEnabled": True},
    )
    page.headers["Content-Security-Policy"] = _policy(bytes(page.body))
    return page


@router.get(_SCRIPT, include_in_schema=False)
async def get_script() -> FileResponse:
    """Serve the script of Swagger UI."""
    return FileResponse(_ASSETS / "swagger-ui-bundle.js", headers=_ASSET_HEADERS)


@router.get(_STYLE, include_in_schema=False)
async def get_style() -> FileResponse:
    """Serve the style sheet of Swagger UI."""
    return FileResponse(_ASSETS / "swagger-ui.css", headers=_ASSET_HEADERS)


def _policy(page: bytes) -> str:
    """Build the Content-Security-Policy of a page with Swagger UI, which sets styles by script; scripts by their hash.

    `ResponseHeadersMiddleware` adds a second policy, and browsers enforce both.
    """
    hashes = [b64encode(sha256(script).digest()).decode() for script in _INLINE_SCRIPT.findall(page)]
    scripts = " ".join(["'self'", *(f"'sha256-{each}'" for each in hashes)])
    return f"default-src 'none'; script-src {scripts}; {_OTHER_SOURCES}"
