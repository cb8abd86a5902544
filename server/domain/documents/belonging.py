"""Documents that belong to something that was made of them, a training guide or a test submission: they come and go with it."""

from collections.abc import Callable
from typing import BinaryIO, TypeVar

from server.domain import keys
from server.domain.documents.service import Documents
from server.ports.records import Delete, Put
from shared.constants import DocumentType
from shared.wire import Document

T = TypeVar("T")


class Belonging:
    """`noun` is what they belong to, in messages; `need_unused` raises `Conflict` for a document that a live job trains on."""

    def __init__(self, documents: Documents, noun: str, *, need_unused: Callable[[str, str], None]) -> None:
        self._documents = documents
        self._noun = noun
        self._need_unused = need_unused

    def taken_in(
        self,
        owner: str,
        source: BinaryIO,
        keep: Callable[[Document], T],
        *,
        filename: str,
        document_type: DocumentType,
        name: str | None,
        description: str = "",
    ) -> T:
        """What `keep` makes of the document. Where it refuses, the document does not stay."""
        document = self._documents.add(
            owner, source, filename=filename, document_type=document_type, name=name or None, description=description
        )
        try:
            return keep(document)
        except Exception:
            self._documents.delete(owner, self._documents.stored(owner, document.id))
            raise

    def marking(self, owner: str, document: Document, name: str) -> Put:
        """The change that lets nobody delete the document alone; part of the write that makes what it belongs to."""
        return Put(keys.owned(owner, "document-of", document.id), {"kind": self._noun, "name": name}, None)

    def releasing(self, owner: str, document_id: str) -> Delete:
        """The change that undoes it. Raises `Conflict` when a live job trains on the document."""
        self._need_unused(owner, document_id)
        return Delete(keys.owned(owner, "document-of", document_id), None)
