"""Which sign-ins at a provider belong to which account. Each is known by issuer and subject, and belongs to one account."""

from dataclasses import dataclass

from server.domain import keys
from server.domain.accounts.one_time import digest_of
from server.ports.clock import Clock
from server.ports.identity import ForeignIdentity
from server.ports.records import ABSENT, Delete, Put, Records

_MAX_PER_ACCOUNT = 20


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

    def removing_all(self, user_id: str) -> list[Delete]:
        """The changes that take every one from this account; there are few, one for each provider that was ever used."""
        page = self.records.page(keys.collection_partition(user_id), prefix=keys.collection_prefix("identity"), limit=_MAX_PER_ACCOUNT)
        digests = [record.key.sort.partition("#")[2] for record in page.records]
        return [Delete(key, None) for digest in digests for key in (keys.identity(user_id, digest), keys.identity_owner(digest))]


def _digest(identity: ForeignIdentity) -> str:
    return digest_of(f"{identity.issuer}|{identity.subject}")
