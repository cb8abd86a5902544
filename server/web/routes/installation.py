"""What the page needs to know before anybody has signed in."""

from typing import get_args

from fastapi import APIRouter

from server.settings import VERSION
from server.web.deps import AppServices
from shared.constants import MIN_PASSWORD_CHARACTERS, DocumentFormat
from shared.wire import Installation

router = APIRouter(tags=["installation"])


@router.get("/api/installation")
def get_installation(services: AppServices) -> Installation:
    return Installation(
        version=VERSION,
        registration=services.accounts.admission.mode(),
        set_up_open=services.accounts.admission.is_set_up_open(),
        email_configured=services.accounts.letters.configured,
        google_sign_in=services.foreign_sign_in is not None,
        max_upload_bytes=services.settings.max_upload_bytes,
        accepted_suffixes=[f".{format}" for format in get_args(DocumentFormat)],
        min_password_characters=MIN_PASSWORD_CHARACTERS,
    )
