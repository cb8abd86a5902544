"""What lets somebody in, as its owner sees it: sessions, API keys, and the log of what was done with them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from shared.constants import MAX_API_KEY_DAYS, Scope, SecurityEventKind
from shared.wire.base import Answer, Name, Request


class SignIn(Answer):
    """One signed-in browser or program. `device` is what it says it is, `address` where it last came from."""

    id: str
    object: Literal["sign_in"] = "sign_in"
    device: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    current: bool


class SignInsEnded(Answer):
    object: Literal["sign_ins_ended"] = "sign_ins_ended"
    num_ended: int


class ApiKeyRequest(Request):
    """`write` includes `read`. A key can read and change data; it never reaches the account, keys or the administration."""

    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=2)]
    expires_in_days: Annotated[int, Field(ge=1, le=MAX_API_KEY_DAYS)] = 90


class ApiKey(Answer):
    """`hint` is the key's last four characters."""

    id: str
    object: Literal["api_key"] = "api_key"
    name: str
    scopes: list[Scope]
    hint: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class NewApiKey(ApiKey):
    """The only answer that holds the key itself."""

    key: str


class SecurityEvent(Answer):
    """`email` is the account's, and only in the administrators' list. `detail` names what was touched, such as a key."""

    id: str
    object: Literal["security_event"] = "security_event"
    kind: SecurityEventKind
    at: datetime
    address: str
    device: str
    detail: str
    email: str | None = None
