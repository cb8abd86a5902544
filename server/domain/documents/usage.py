"""How much of the installation's disk a user has taken, and how much is theirs to take."""

from collections.abc import Callable, Iterator
from typing import Final

from server.domain import keys
from server.errors import StorageFull, TooLarge
from server.ports.records import Json, Records
from shared.wire import Usage

_PAGE: Final = 500
_BESIDE: Final = {
    "pieces": "held_bytes",
    "submission": "text_bytes",
    "test_set": "size_bytes",
    "evaluation": "size_bytes",
    "guide": "size_bytes",
    "report": "size_bytes",
    "export": "size_bytes",
}


class Room:
    """Answers whether some bytes still fit: under the limit of one file, under the user's quota, on the disk."""

    def __init__(
        self, records: Records, *, max_upload_bytes: int, quota_bytes: int, free_bytes: Callable[[], int], min_free_bytes: int
    ) -> None:
        self._records = records
        self._max_upload_bytes = max_upload_bytes
        self._quota_bytes = quota_bytes
        self._free_bytes = free_bytes
        self._min_free_bytes = min_free_bytes

    def usage(self, owner: str) -> Usage:
        """Documents, files that are still coming, tuned models, reports, and what is kept of tests and guides beside their documents."""
        documents = sum(data["size_bytes"] for data in self._all(owner, "document"))
        uploads = sum(data["upload"]["size_bytes"] for data in self._all(owner, "upload"))
        models = sum(file["size_bytes"] for data in self._all(owner, "model") for file in data["files"])
        beside = sum(data[size] for kind, size in _BESIDE.items() for data in self._all(owner, kind))
        return Usage(storage_bytes=documents + uploads + models + beside, quota_bytes=self._quota_bytes)

    def check(self, owner: str, size_bytes: int) -> None:
        """Raises `TooLarge` or `StorageFull` when a file of this size cannot be taken."""
        if size_bytes > self._max_upload_bytes:
            raise TooLarge(
                f"The file is larger than the {self._max_upload_bytes / 1e6:,.0f} MB that this installation takes. Split it, or raise "
                "LLM_TUNER_MAX_UPLOAD_BYTES.",
                code="documents.too_large",
                param="file",
            )
        self.check_total(owner, size_bytes)

    def check_total(self, owner: str, size_bytes: int) -> None:
        """Raises `StorageFull` when so many more bytes do not fit, whatever they are."""
        used = self.usage(owner).storage_bytes
        if used + size_bytes > self._quota_bytes:
            raise StorageFull(
                f"You have used {used / 1e6:,.0f} MB of your {self._quota_bytes / 1e6:,.0f} MB, and this would need "
                f"{size_bytes / 1e6:,.0f} MB more. Delete documents or models you no longer need.",
                code="storage.quota",
            )
        if self._free_bytes() - size_bytes < self._min_free_bytes:
            raise StorageFull(
                "There is not enough room on the disk for this. Delete documents or models you no longer need, and try again.",
                code="storage.full",
            )

    def _all(self, owner: str, kind: str) -> Iterator[Json]:
        after = None
        while True:
            page = self._records.page(keys.collection_partition(owner), prefix=keys.collection_prefix(kind), after=after, limit=_PAGE)
            yield from (record.data for record in page.records)
            if not page.has_more:
                return
            after = page.records[-1].key.sort
