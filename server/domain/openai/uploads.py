"""Files in pieces, as uploads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from server.domain.documents.pieces import Pieces, StoredPieces
from server.domain.openai.files import Files, check_purpose
from server.domain.openai.ids import own, seconds, shown
from server.ports.clock import Clock
from shared.wire.openai.files import Upload, UploadCreate, UploadPart


@dataclass(frozen=True)
class PartUploads:
    clock: Clock
    pieces: Pieces
    files: Files

    def create(self, owner: str, body: UploadCreate) -> Upload:
        check_purpose(body.purpose)
        after = None if body.expires_after is None else body.expires_after.seconds
        return self._shown(owner, self.pieces.open(owner, filename=body.filename, size_bytes=body.bytes, file_expires_after_s=after))

    def add_part(self, owner: str, upload_id: str, source: BinaryIO) -> UploadPart:
        upload = own("upl", upload_id)
        piece = self.pieces.add(owner, upload, source)
        return UploadPart(id=shown(piece.id), created_at=seconds(piece.created_at), upload_id=shown(upload))

    def complete(self, owner: str, upload_id: str, part_ids: Sequence[str], *, md5: str | None) -> Upload:
        pieces = [own("prt", part_id) for part_id in part_ids]
        return self._shown(owner, self.pieces.complete(owner, own("upl", upload_id), pieces, md5=md5))

    def cancel(self, owner: str, upload_id: str) -> Upload:
        return self._shown(owner, self.pieces.cancel(owner, own("upl", upload_id)))

    def _shown(self, owner: str, upload: StoredPieces) -> Upload:
        expired = upload.state == "pending" and upload.expires_at <= self.clock.now()
        return Upload(
            id=shown(upload.id),
            object="upload",
            bytes=upload.size_bytes,
            created_at=seconds(upload.created_at),
            expires_at=seconds(upload.expires_at),
            filename=upload.filename,
            purpose="fine-tune",
            status="expired" if expired else upload.state,
            file=None if upload.document_id is None else self.files.get(owner, shown(upload.document_id)),
        )
