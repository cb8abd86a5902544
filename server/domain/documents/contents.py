"""All that a document holds, for what is made of it as a whole: the rows of a table, the examples, or one text.

Reading runs in a process of its own, as at the upload, and from the stored bytes: nothing is kept twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from server.domain.documents.service import Documents
from server.errors import Detail, InvalidInput
from shared.wire import Document

ReadContents = Callable[[BinaryIO, str, dict[str, Any]], dict[str, Any]]
_PROSE: Final = frozenset({"txt", "md", "html", "pdf", "docx"})
_MAX_PASSAGES: Final = 100_000


@dataclass(frozen=True)
class Taken:
    """`more`: the document holds more than was asked for."""

    items: list[Any]
    columns: dict[str, str]
    more: bool
    scored: list[dict[str, Any]]


class DocumentContents:
    def __init__(self, documents: Documents, read: ReadContents) -> None:
        self._documents = documents
        self._read = read

    def rows(self, owner: str, document: Document, *, at_most: int) -> Taken:
        """Rows as they stand, each with its line: [line, row]. Raises `InvalidInput` for a document that has none, or broken ones."""
        if document.format in _PROSE:
            raise InvalidInput(
                f"{document.name!r} is a text and has no rows. Choose a table (CSV, TSV, Parquet) or JSON Lines, or upload it as a "
                "submission.",
                code="documents.no_rows",
                param="document_id",
            )
        return self._taken(owner, document, {"take": "rows", "max_items": at_most, "format": document.format})

    def examples(self, owner: str, document: Document, *, at_most: int) -> Taken:
        """Examples as the trainer reads them."""
        mapping = None if document.mapping is None else document.mapping.model_dump(mode="json")
        return self._taken(owner, document, {"take": "examples", "max_items": at_most, "format": document.format, "mapping": mapping})

    def guide(self, owner: str, document: Document) -> tuple[list[str], list[dict[str, Any]]]:
        """The document's prose in passages (none of a table), and its scored items: {"text", "score", "out_of", "place"}."""
        taken = self._taken(owner, document, {"take": "guide", "max_items": _MAX_PASSAGES, "format": document.format})
        return taken.items, taken.scored

    def text(self, owner: str, document: Document) -> str:
        """The document as one text; of a table or of JSON what is written there. Raises `InvalidInput` for an archive and the like."""
        if document.format in {"zip", "parquet"}:
            raise InvalidInput(
                "A submission is one text: upload it as PDF, DOCX, TXT, Markdown or HTML, and several submissions one by one.",
                code="submissions.no_text",
                param="file",
            )
        format_ = document.format if document.format in _PROSE else "txt"
        taken = self._taken(owner, document, {"take": "examples", "max_items": _MAX_PASSAGES, "format": format_})
        return "\n\n".join(item["text"] for item in taken.items)

    def _taken(self, owner: str, document: Document, options: dict[str, Any]) -> Taken:
        as_read = {"charset": document.charset, "leave_out_bad": document.leave_out_bad}
        with self._documents.as_file(owner, document.id) as file:
            found = self._read(file, document.filename, {**options, **as_read})
        if found["problems"]:
            told = [
                Detail(one["message"], param="document_id", line=one.get("line"), fix=one.get("fix") or "") for one in found["problems"]
            ]
            raise InvalidInput(told[0].message, code="documents.unreadable", param="document_id", details=told)
        return Taken(found["items"], found["columns"], found["more"], found["scored"])
