"""Accounts themselves: made once, found by address. An account and the pointer from its address are one write."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from server.domain import keys
from server.domain.accounts import emails, passwords
from server.domain.accounts.passwords import Passwords
from server.errors import Conflict, NotSignedIn, StaleWrite
from server.ports.clock import Clock
from server.ports.records import ABSENT, Put, Records
from shared.wire import User


class Profile(BaseModel):
    """What is stored of an account. `email` is the normalised address; an account without `password_hash` signs in by other means.

    `epoch` rises with every change after which earlier sign-ins and letters must not hold any more.
    """

    id: str
    email: str
    password_hash: str | None
    email_verified_at: datetime | None = None
    epoch: int = 0
    created_at: datetime

    def shown(self) -> User:
        return User(id=self.id, email=self.email, created_at=self.created_at)


@dataclass(frozen=True)
class Users:
    records: Records
    clock: Clock
    passwords: Passwords

    def register(self, email: str, password: str) -> User:
        """Raises `InvalidInput` naming the field, and `Conflict` for an address that somebody has."""
        address = emails.normalised(email)
        passwords.check_new(password, email=address)
        if self.records.get(keys.email_owner(address)) is not None:  # Spares the hashing; the write below is what decides.
            raise _taken()
        profile = Profile(
            id=self.clock.new_id("usr"), email=address, password_hash=self.passwords.hash(password), created_at=self.clock.now()
        )
        try:
            self.records.write(
                Put(keys.profile(profile.id), profile.model_dump(mode="json"), ABSENT),
                Put(keys.email_owner(address), {"user_id": profile.id}, ABSENT),
            )
        except StaleWrite:
            raise _taken() from None
        return profile.shown()

    def authenticate(self, email: str, password: str) -> User:
        """Raises `NotSignedIn`, in the same words and after the same work for a wrong password and for an unknown address."""
        profile = self._by_address(emails.normalised(email))
        if not self.passwords.verify(None if profile is None else profile.password_hash, password) or profile is None:
            raise NotSignedIn("The e-mail address or the password is wrong.", code="accounts.wrong_credentials")
        return profile.shown()

    def find(self, user_id: str) -> User | None:
        found = self.records.get(keys.profile(user_id))
        return None if found is None else Profile.model_validate(found.data).shown()

    def _by_address(self, address: str) -> Profile | None:
        pointer = self.records.get(keys.email_owner(address))
        if pointer is None:
            return None
        found = self.records.get(keys.profile(str(pointer.data["user_id"])))
        return None if found is None else Profile.model_validate(found.data)


def _taken() -> Conflict:
    return Conflict("There is already an account with this e-mail address. Sign in instead.", code="accounts.email_taken", param="email")
