"""Which sign-ins at a provider belong to which account. Each is known by issuer and subject, and belongs to one account."""

from dataclasses import dataclass
from datetime import datetime

from server.domain import keys
from server.domain.accounts.one_time import digest_of
from server.ports.clock import Clock
from server.ports.identity import ForeignIdentity
from server.ports.records import ABSENT, Delete, Put, Record, Records
from shared.wire import LinkedSignIn

MAX_PER_ACCOUNT = 20


@dataclass(frozen=True)
class Identities:
    records: Records
    clock: Clock

    def owner_of(self, identity: ForeignIdentity) -> str | None:
        found = self.records.get(keys.identity_owner(_digest(identity)))
        return None if found is None else str(found.data["user_id"])

    def linking(self, user_id: str, identity: ForeignIdentity) -> list[Put]:
        """The changes that give it to this account; stale when somebody has it."""
        digest = _digest(identity)
        told = {"issuer": identity.issuer, "subject": identity.subject, "email": identity.email, "at": self.clock.now().isoformat()}
        return [Put(keys.identity(user_id, digest), told, ABSENT), Put(keys.identity_owner(digest), {"user_id": user_id}, ABSENT)]

    def of(self, user_id: str) -> list[LinkedSignIn]:
        """There are few, mostly one for each provider that was ever used."""
        return [
            LinkedSignIn(
                id=_id_of(record),
                issuer=record.data["issuer"],
                email=record.data["email"],
                created_at=datetime.fromisoformat(record.data["at"]),
            )
            for record in self._all(user_id)
        ]

    def removing(self, user_id: str, linked_id: str) -> list[Delete]:
        """The changes that take one from this account."""
        return [Delete(keys.identity(user_id, linked_id), None), Delete(keys.identity_owner(linked_id), None)]

    def removing_all(self, user_id: str) -> list[Delete]:
        """The changes that take every one from this account."""
        return [change for record in self._all(user_id) for change in self.removing(user_id, _id_of(record))]

    def _all(self, user_id: str) -> list[Record]:
        prefix = keys.collection_prefix("identity")
        return self.records.page(keys.collection_partition(user_id), prefix=prefix, limit=MAX_PER_ACCOUNT).records


def _id_of(record: Record) -> str:
    return record.key.sort.partition("#")[2]


def _digest(identity: ForeignIdentity) -> str:
    return digest_of(f"{identity.issuer}|{identity.subject}")
