"""Which addresses belong to programs. All others belong to the page."""

from typing import Final

_API: Final = ("/api", "/v1", "/llm-training/api", "/livez", "/readyz", "/metrics")


def is_api(path: str) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in _API)
