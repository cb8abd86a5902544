"""Links that show a report to whoever has them, until they expire or are revoked. The token is told once; only its SHA-256 is kept.

Whatever ends the report, or its owner's account, ends its links.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from server.domain import keys
from server.domain.accounts.one_time import digest_of, new_secret
from server.domain.collection import retrying
from server.domain.reports.stored import StoredShare, reports_in
from server.errors import Conflict, NotFound
from server.ports.clock import Clock
from server.ports.records import ABSENT, Delete, Put, Records
from shared.wire import ListOf, NewShareLink, ShareLink, ShareRequest

_MAX_SHARES: Final = 20
_MAX_TOKEN_CHARACTERS: Final = 100
SHARED_PATH: Final = "/shared-reports"


@dataclass(frozen=True)
class Shares:
    """`is_active` says whether an account is there and may be used; `address` is where people reach this installation."""

    records: Records
    clock: Clock
    is_active: Callable[[str], bool]
    address: str

    def create(self, owner: str, report_id: str, request: ShareRequest) -> NewShareLink:
        """The link, which cannot be had again. Raises `NotFound`, and `Conflict` for more than twenty that are open."""
        token = new_secret()
        now = self.clock.now()
        share = StoredShare(
            id=self.clock.new_id("shr"),
            sha256=digest_of(token),
            created_at=now,
            expires_at=now + timedelta(days=request.expires_in_days),
        )

        def attempt() -> None:
            stored = reports_in(self.records).get(owner, report_id)
            kept = [one for one in stored.value.shares if one.expires_at > now]
            if len(kept) >= _MAX_SHARES:
                raise Conflict(f"This report has {_MAX_SHARES} open links. Revoke one that is not needed.", code="reports.too_many_shares")
            changed = stored.value.model_copy(update={"shares": [*kept, share]})
            over: list[Put | Delete] = [Delete(keys.shared_report(one.sha256), None) for one in stored.value.shares if one not in kept]
            self.records.write(
                reports_in(self.records).replacing(owner, report_id, changed, version=stored.version),
                Put(keys.shared_report(share.sha256), {"user_id": owner, "report_id": report_id}, ABSENT),
                *over,
            )

        retrying(attempt)
        return NewShareLink(url=f"{self.address}{SHARED_PATH}/{token}", **share.shown(report_id, now).model_dump())

    def all(self, owner: str, report_id: str) -> ListOf[ShareLink]:
        """Newest first. Those that have expired are there until another one is made."""
        stored = reports_in(self.records).get(owner, report_id).value
        return ListOf(data=[share.shown(report_id, self.clock.now()) for share in reversed(stored.shares)])

    def revoke(self, owner: str, report_id: str, share_id: str) -> None:
        """Raises `NotFound`."""

        def attempt() -> None:
            stored = reports_in(self.records).get(owner, report_id)
            ending = next((share for share in stored.value.shares if share.id == share_id), None)
            if ending is None:
                raise NotFound("There is no such link. It may have been revoked already.", code="reports.no_share")
            changed = stored.value.model_copy(update={"shares": [share for share in stored.value.shares if share.id != share_id]})
            self.records.write(
                reports_in(self.records).replacing(owner, report_id, changed, version=stored.version),
                Delete(keys.shared_report(ending.sha256), None),
            )

        retrying(attempt)

    def opened(self, token: str) -> tuple[str, str]:
        """The owner and the report that a link opens. Raises `NotFound`, in the same words whatever the reason."""
        digest = digest_of(token) if len(token) <= _MAX_TOKEN_CHARACTERS else ""
        pointer = self.records.get(keys.shared_report(digest))
        if pointer is not None:
            owner, report_id = str(pointer.data["user_id"]), str(pointer.data["report_id"])
            if self._is_open(owner, report_id, digest) and self.is_active(owner):
                return owner, report_id
        raise NotFound("This link opens nothing. It may have expired or been revoked; ask whoever sent it.", code="reports.bad_link")

    def _is_open(self, owner: str, report_id: str, digest: str) -> bool:
        try:
            stored = reports_in(self.records).get(owner, report_id).value
        except NotFound:
            return False
        return any(share.sha256 == digest and share.expires_at > self.clock.now() for share in stored.shares)
