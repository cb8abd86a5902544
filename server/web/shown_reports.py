"""A report shown by the browser itself. It holds what users wrote, so the page may do nothing: no script, no request, no frame, no form.

Our own page may show it within itself, which is why it says who may frame it.
"""

from typing import Final

from fastapi.responses import Response

from server.domain.reports.rendering import Rendering

_POLICY: Final = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; sandbox"
_HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow, noarchive",
}


def shown_in_browser(rendering: Rendering, *, status_code: int = 200, framed: bool = False) -> Response:
    """Of HTML alone. The hash lets in the one style sheet that we wrote, and no other. `framed`: our own page shows it within itself."""
    ancestors, frame_options = ("'self'", "SAMEORIGIN") if framed else ("'none'", "DENY")
    policy = f"{_POLICY}; frame-ancestors {ancestors}; style-src '{rendering.style_hash}'"
    headers = {**_HEADERS, "content-security-policy": policy, "x-frame-options": frame_options}
    return Response(rendering.data, status_code=status_code, media_type=rendering.media_type, headers=headers)
