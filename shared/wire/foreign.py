"""The last step of signing in with an account at a provider such as Google, and of connecting one with an account here."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from shared.wire.base import Answer, Request


class ForeignFinish(Request):
    """`code` is what the hand-over page gave. An account under the same address that nobody has verified needs one of the others as well.

    `password` is that account's; both ways of signing in then work. `take_over` goes without: its password, sign-ins and keys stop working.
    `invitation` is for a new account where only the invited may register.
    """

    code: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    password: Annotated[str, StringConstraints(max_length=1024)] | None = None
    take_over: bool = False
    invitation: Annotated[str, StringConstraints(max_length=300)] | None = None


class ForeignLink(Request):
    """`code` as above; `password` is the current one of the account that is signed in, which needs it where it has one."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    password: Annotated[str, StringConstraints(max_length=1024)] | None = None


class LinkedSignIn(Answer):
    """An account at a provider by which its owner may sign in here; `email` is what it was called when it was connected."""

    id: str
    object: Literal["linked_sign_in"] = "linked_sign_in"
    issuer: str
    email: str
    created_at: datetime
