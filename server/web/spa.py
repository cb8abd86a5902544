"""The single page: the built files, and the page itself for every address that is its own. `app.py` puts this behind all routes."""

from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from server.web.addresses import is_api

_INDEX: Final = "index.html"
_HASHED: Final = "/assets/"
_FOR_A_YEAR: Final = "public, max-age=31536000, immutable"
_NOT_BUILT: Final = """<!doctype html>
<html lang="en">
<title>LLM Tuner</title>
<meta name="viewport" content="width=device-width">
<body>
<h1>The page has not been built yet</h1>
<p>The server runs, and its API answers. To build the page, run this where the product lies, then reload:</p>
<pre>./build.sh</pre>
</body>
</html>
"""


class SinglePage:
    """An ASGI application for what no route claims. Files under `/assets/` carry a hash in their name and may be kept for ever."""

    def __init__(self, folder: Path) -> None:
        self._files = StaticFiles(directory=folder, check_dir=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        if is_api(scope["path"]):
            raise HTTPException(404)
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"allow": "GET, HEAD"})
        response = await self._answer(scope)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        found = await self._file(self._files.get_path(scope), scope)
        if found is not None:
            found.headers["cache-control"] = _FOR_A_YEAR if scope["path"].startswith(_HASHED) else "no-cache"
            return found
        if scope["path"].startswith(_HASHED) or not _is_navigation(Headers(scope=scope)):
            raise HTTPException(404)
        page = await self._file(_INDEX, scope)
        if page is None:
            page = HTMLResponse(_NOT_BUILT, status_code=503)
        page.headers["cache-control"] = "no-cache"
        return page

    async def _file(self, path: str, scope: Scope) -> Response | None:
        try:
            return await self._files.get_response(path, scope)
        except (HTTPException, ValueError, RuntimeError):
            return None  # No such file, a name that no file can have, or no build at all.


def _is_navigation(headers: Headers) -> bool:
    """Whether somebody goes to this address, and not whether a page misses an image there."""
    mode = headers.get("sec-fetch-mode")
    if mode is not None:
        return mode == "navigate"
    accepted = headers.get("accept", "*/*")
    return "text/html" in accepted or accepted.strip() == "*/*"
