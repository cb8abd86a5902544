"""The routes of `/v1`, which OpenAI's clients call. Thin: what they mean is said in `server/domain/openai`.

Not in `openapi.json`: OpenAI describes them, and `docs/openai-compatibility.md` says what becomes of each operation and field here.
"""

from fastapi import APIRouter

from server.settings import Settings
from server.web.routes.openai import files, fine_tuning, models, texts, unsupported, uploads


def routers(settings: Settings) -> list[APIRouter]:
    """In this order: the last takes whatever the others do not."""
    return [files.router(settings), uploads.router, fine_tuning.router, models.router, texts.router, unsupported.router]
