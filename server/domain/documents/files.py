"""A document as a program on this machine finds it."""

from pathlib import Path

from server.domain import keys
from server.ports.blobs import Blobs
from shared.job_spec import DataFile
from shared.wire import Document


def data_file(blobs: Blobs, owner: str, document: Document, copies: Path) -> DataFile:
    """The document's bytes in place, or a copy in the folder `copies` when the store is elsewhere."""
    key = keys.document_blob(owner, document.id)
    path = blobs.local_path(key)
    if path is None:
        copies.mkdir(parents=True, exist_ok=True)
        path = copies / document.id
        with path.open("wb") as file:
            for chunk in blobs.open(key):
                file.write(chunk)
    return DataFile(
        path=path,
        name=document.name,
        format=document.format,
        charset=document.charset,
        sha256=document.sha256,
        mapping=None if document.mapping is None else document.mapping.model_dump(mode="json"),
        leave_out_bad=document.leave_out_bad,
    )
