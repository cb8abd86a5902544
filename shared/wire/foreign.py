"""The last step of signing in with an account at a provider such as Google."""

from typing import Annotated

from pydantic import StringConstraints

from shared.wire.base import Request


class ForeignFinish(Request):
    """`code` is what the hand-over page gave. An account under the same address that nobody has verified needs one of the others as well.

    `password` is that account's; both ways of signing in then work. `take_over` goes without: its password, sign-ins and keys stop working.
    `invitation` is for a new account where only the invited may register.
    """

    code: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    password: Annotated[str, StringConstraints(max_length=1024)] | None = None
    take_over: bool = False
    invitation: Annotated[str, StringConstraints(max_length=300)] | None = None
