"""What administrators see of an installation and may change in it. Never what somebody's data is called or says."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.constants import JobState, RegistrationMode, Role
from shared.wire.accounts import Email
from shared.wire.base import Answer, Request


class Account(Answer):
    """`last_seen_at`: the last sign-in or renewal of one; None when there is none that has not ended."""

    id: str
    object: Literal["account"] = "account"
    email: str
    name: str
    role: Role
    email_verified: bool
    disabled: bool
    created_at: datetime
    last_seen_at: datetime | None
    storage_bytes: int
    num_live_jobs: int


class AccountPatch(Request):
    disabled: bool | None = None
    role: Role | None = None


class QueueEntry(Answer):
    """A job that waits or runs, whoever it belongs to."""

    id: str
    object: Literal["queue_entry"] = "queue_entry"
    email: str
    state: JobState
    base_model: str
    created_at: datetime
    started_at: datetime | None


class InstallationPatch(Request):
    registration: RegistrationMode


class Administration(Answer):
    """`missing_google_settings` and `missing_email_settings` name what would have to be set for these to work; empty when they do."""

    object: Literal["administration"] = "administration"
    version: str
    registration: RegistrationMode
    registration_default: RegistrationMode
    missing_google_settings: list[str]
    missing_email_settings: list[str]
    max_upload_bytes: int
    user_quota_bytes: int
    min_free_bytes: int
    free_bytes: int


class InvitationRequest(Request):
    """With an address the invitation is for that address alone, and is sent to it where mail is set up."""

    email: Email | None = None
    expires_in_days: Annotated[int, Field(ge=1, le=30)] = 7


class Invitation(Answer):
    id: str
    object: Literal["invitation"] = "invitation"
    email: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class NewInvitation(Invitation):
    """The only answer that holds the code. `link` is the page's address to register with it, without the host."""

    code: str
    link: str
