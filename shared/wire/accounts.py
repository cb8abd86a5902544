"""Signing in, and what an installation offers to somebody who has not."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from shared.wire.base import Answer, Request


class Credentials(Request):
    """E-mail and password, for `register` and `login`. Their rules are the accounts domain's, so that every refusal names its field."""

    email: Annotated[str, StringConstraints(max_length=320)]
    password: Annotated[str, StringConstraints(max_length=1024)]


class User(Answer):
    id: str
    object: Literal["user"] = "user"
    email: str
    created_at: datetime


class Session(Answer):
    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    user: User


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
    """What the sign-in and upload screens need to know before anybody has signed in."""

    object: Literal["installation"] = "installation"
    version: str
    google_sign_in: bool
    max_upload_bytes: int
    accepted_suffixes: list[str]
    min_password_characters: int
