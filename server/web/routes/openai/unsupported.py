"""Everything else of OpenAI's that is not here, told as such and not as a mistake in the address."""

from typing import NoReturn

from fastapi import APIRouter

from server.errors import InvalidInput
from server.web.deps import CurrentUser

router = APIRouter(include_in_schema=False)


@router.api_route("/v1/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], response_model=None)
def unsupported(path: str, user: CurrentUser) -> NoReturn:
    raise InvalidInput(
        f"/v1/{path[:100]} does not take this here. This installation tunes models and lets them answer: files, uploads, "
        "fine_tuning.jobs, models, completions and chat.completions.",
        code="unsupported_operation",
    )
