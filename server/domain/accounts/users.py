"""Accounts themselves: made once, found by address. An account and the pointer from its address are one write."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import BaseModel

from server.domain import keys
from server.domain.accounts import emails, passwords
from server.domain.accounts.passwords import Passwords
from server.domain.collection import Stored, retrying
from server.errors import Conflict, NotFound, NotSignedIn, StaleWrite
from server.ports.clock import Clock
from server.ports.records import ABSENT, Delete, Put, Records
from shared.constants import Role
from shared.wire import User

Change = Put | Delete
_MAX_ADMINISTRATORS: Final = 1


class Profile(BaseModel):
    """What is stored of an account. `email` is the normalised address; an account without `password_hash` signs in by other means.

    `epoch` rises with every change after which earlier sign-ins and letters must not hold any more: one write ends them all.
    """

    id: str
    email: str
    password_hash: str | None
    created_at: datetime
    name: str = ""
    role: Role = "member"
    email_verified_at: datetime | None = None
    disabled_at: datetime | None = None
    leaving_at: datetime | None = None
    epoch: int = 0

    def shown(self) -> User:
        return User(
            id=self.id,
            email=self.email,
            name=self.name,
            role=self.role,
            email_verified=self.email_verified_at is not None,
            has_password=self.password_hash is not None,
            created_at=self.created_at,
        )


@dataclass(frozen=True)
class Users:
    records: Records
    clock: Clock
    passwords: Passwords

    def new(self, email: str, password: str) -> Profile:
        """A profile that is not stored yet. Raises `InvalidInput` naming the field, and `Conflict` for an address that somebody has."""
        address = emails.normalised(email)
        passwords.check_new(password, email=address)
        if self.records.get(keys.email_owner(address)) is not None:  # Spares the hashing; the write decides.
            raise taken()
        return Profile(id=self.clock.new_id("usr"), email=address, password_hash=self.passwords.hash(password), created_at=self.clock.now())

    def add(self, profile: Profile, *also: Change) -> None:
        """Stores a new account. Raises `Conflict` when somebody took the address meanwhile."""
        changes: list[Change] = [
            Put(keys.profile(profile.id), profile.model_dump(mode="json"), ABSENT),
            Put(keys.email_owner(profile.email), {"user_id": profile.id}, ABSENT),
            Put(keys.listed_user(profile.id), {}, ABSENT),
            *also,
        ]
        if profile.role == "admin":
            changes.append(Put(keys.administrator(profile.id), {}, ABSENT))
        try:
            self.records.write(*changes)
        except StaleWrite as stale:
            if stale.key != keys.email_owner(profile.email):
                raise
            raise taken() from None

    def by_email(self, email: str) -> Profile | None:
        """Raises `InvalidInput` for what is no address."""
        pointer = self.records.get(keys.email_owner(emails.normalised(email)))
        return None if pointer is None else self.find(str(pointer.data["user_id"]))

    def find(self, user_id: str) -> Profile | None:
        found = self.records.get(keys.profile(user_id))
        return None if found is None else Profile.model_validate(found.data)

    def stored(self, user_id: str) -> Stored[Profile]:
        """Raises `NotFound`; for administrators, who name others by id."""
        found = self.records.get(keys.profile(user_id)) if 0 < len(user_id) <= 200 and user_id.isprintable() else None
        if found is None:
            raise NotFound("There is no such account. It may have been deleted.", code="accounts.not_found")
        return Stored(Profile.model_validate(found.data), found.version)

    def active(self, user_id: str) -> Profile:
        """Raises `NotSignedIn` when the account is gone or disabled. Asked at every request: nobody disabled gets further."""
        profile = self.find(user_id)
        if profile is None or profile.leaving_at is not None:
            raise NotSignedIn("This account is no more.", code="accounts.gone")
        check_enabled(profile)
        return profile

    def is_active(self, user_id: str) -> bool:
        profile = self.find(user_id)
        return profile is not None and profile.leaving_at is None and profile.disabled_at is None

    def change(self, user_id: str, change: Callable[[Profile], Profile], also: Callable[[Profile], list[Change]] | None = None) -> Profile:
        """One conditional write of the profile and what `also` makes of the changed one; tried again when somebody wrote in between."""

        def attempt() -> Profile:
            stored = self.stored(user_id)
            changed = change(stored.value)
            changes: list[Change] = [Put(keys.profile(user_id), changed.model_dump(mode="json"), stored.version)]
            if changed.role != stored.value.role:
                pointer = keys.administrator(user_id)
                changes.append(Put(pointer, {}, None) if changed.role == "admin" else Delete(pointer, None))
            self.records.write(*changes, *(also(changed) if also else []))
            return changed

        return retrying(attempt)

    def has_password(self, profile: Profile | None, password: str, *, known: bool = False) -> bool:
        """The same work whether there is an account, a password, or neither: time must not tell. `known` as in `Passwords.verify`."""
        return self.passwords.verify(None if profile is None else profile.password_hash, password, known=known) and profile is not None

    def is_there_an_administrator(self) -> bool:
        return bool(self.records.page(keys.ADMINISTRATORS_PARTITION, limit=_MAX_ADMINISTRATORS).records)


def check_enabled(profile: Profile) -> None:
    if profile.disabled_at is not None:
        raise NotSignedIn("This account was disabled by an administrator of this installation. Ask them why.", code="accounts.disabled")


def taken() -> Conflict:
    return Conflict("There is already an account with this e-mail address. Sign in instead.", code="accounts.email_taken", param="email")
