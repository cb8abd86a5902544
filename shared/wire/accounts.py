"""Signing in, one's own account, and what an installation offers to somebody who has not signed in."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from shared.constants import RegistrationMode, Role
from shared.wire.base import Answer, Request

# Their rules are the accounts domain's, so that every refusal names its field; here only what bounds the work.
Email = Annotated[str, StringConstraints(max_length=320)]
Password = Annotated[str, StringConstraints(max_length=1024)]
OneTimeToken = Annotated[str, StringConstraints(max_length=300)]
DisplayName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]


class Credentials(Request):
    """E-mail and password, for `login`."""

    email: Email
    password: Password


class Registration(Credentials):
    """`invitation` is the code of an invitation; needed where only the invited may register."""

    invitation: OneTimeToken | None = None


class SetUp(Credentials):
    """`token` is from the link that the server prints while there is no administrator."""

    token: OneTimeToken


class SetUpToken(Request):
    token: OneTimeToken


class PasswordResetRequest(Request):
    email: Email


class PasswordReset(Request):
    """`token` is from the letter, or from the operator's `scripts/reset_password`."""

    token: OneTimeToken
    password: Password


class EmailVerification(Request):
    token: OneTimeToken


class PasswordChange(Request):
    current_password: Password
    new_password: Password


class ProfilePatch(Request):
    name: DisplayName


class EmailChangeRequest(Request):
    """`password` is the current one, which every account needs that has one."""

    email: Email
    password: Password | None = None


class EmailChange(Answer):
    """`changed`: the new address counts. Otherwise it will once the link is opened in the letter that was sent to it."""

    object: Literal["email_change"] = "email_change"
    changed: bool
    user: "User"


class AccountDeletion(Request):
    """`email` is typed as a confirmation; `password` is needed by every account that has one."""

    email: Email
    password: Password | None = None


class User(Answer):
    id: str
    object: Literal["user"] = "user"
    email: str
    name: str
    role: Role
    email_verified: bool
    has_password: bool
    created_at: datetime


class Session(Answer):
    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    user: User


class Accepted(Answer):
    """Asked for and taken on; says nothing about whether there is such an account."""

    object: Literal["accepted"] = "accepted"
    message: str


class Sample(Answer):
    """A data set that comes with the product. `POST /api/samples/{id}` puts a copy among the user's documents."""

    id: str
    object: Literal["sample"] = "sample"
    name: str
    description: str
    filename: str
    size_bytes: int
    suggested_base_model: str


class Installation(Answer):
    """What the sign-in and upload screens need to know before anybody has signed in.

    `set_up_open`: there is no administrator yet, and the server has printed a link that makes one. `email_configured`: a forgotten password
    can be reset by a letter.
    """

    object: Literal["installation"] = "installation"
    version: str
    google_sign_in: bool
    registration: RegistrationMode
    set_up_open: bool
    email_configured: bool
    max_upload_bytes: int
    accepted_suffixes: list[str]
    min_password_characters: int
