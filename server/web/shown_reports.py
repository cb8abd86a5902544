"""A report shown by the browser itself. It holds what users wrote, so the page may do nothing: no script, no request, no frame, no form."""

from typing import Final

from fastapi.responses import Response

from server.domain.reports.rendering import Rendering

_POLICY: Final = "default-src 'none'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"
_HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow, noarchive",
}


def shown_in_browser(rendering: Rendering, *, status_code: int = 200) -> Response:
    """Of HTML alone. The hash lets in the one style sheet that we wrote, and no other."""
    headers = {**_HEADERS, "content-security-policy": f"{_POLICY}; style-src '{rendering.style_hash}'"}
    return Response(rendering.data, status_code=status_code, media_type=rendering.media_type, headers=headers)
