"""The blobs port on Amazon S3 and whatever speaks its language. A blob is one object; large ones go up in parts, in constant memory.

S3 shows an object when it is complete and not before, so nothing half-written is ever visible. Every part carries its SHA-256, which the
service checks. Source: the S3 user guide (multipart upload, checksums, consistency).
"""

import base64
import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from server.adapters import aws
from server.errors import NotFound
from server.ports.blobs import BlobStat, attachment, check_key

_PART_BYTES: Final = 8 * 1024**2  # 10,000 parts, the most that S3 takes, are 78 GiB.
_CHUNK_BYTES: Final = 1024**2
_MARK: Final = "put"
# Checksums that are not asked for are left out: services that only speak S3's language may not know them.
OPTIONS: Final = {
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
    "signature_version": "s3v4",  # Links of the older kind are refused in most regions.
}
_GONE: Final = frozenset({"NoSuchKey", "404", "NotFound"})


class S3Blobs:
    """Objects below `prefix` of `bucket`, encrypted by the service. `client` is given by tests that look at the calls."""

    def __init__(self, bucket: str, *, prefix: str = "", encryption: str | None = "AES256", client: Any = None) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._encryption = {"ServerSideEncryption": encryption} if encryption else {}
        self._client = client or aws.client("s3", **OPTIONS)

    def put(self, key: str, source: BinaryIO) -> BlobStat:
        name = self._name(key)
        first = _read(source, _PART_BYTES)
        digest, size = hashlib.sha256(first), len(first)
        if size < _PART_BYTES:
            self._put_whole(name, first)
            return BlobStat(size, digest.hexdigest())
        mark = uuid.uuid4().hex
        upload = aws.persistently(
            lambda _: self._client.create_multipart_upload(
                Bucket=self._bucket, Key=name, ChecksumAlgorithm="SHA256", Metadata={_MARK: mark}, **self._encryption
            )
        )["UploadId"]
        try:
            parts: list[dict[str, Any]] = []
            part = first
            while part:
                parts.append(self._put_part(name, upload, len(parts) + 1, part))
                part = _read(source, _PART_BYTES)
                digest.update(part)
                size += len(part)
            self._complete(name, upload, parts, mark)
        except BaseException:
            self._abort(name, upload)
            raise
        return BlobStat(size, digest.hexdigest())

    def open(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        name = self._name(key)
        head = self._head(name)
        if head is None:
            raise NotFound("The stored bytes of this object are gone.", code="blobs.not_found")
        stop = head["ContentLength"] if end is None else min(end, head["ContentLength"])
        return self._chunks(name, head["ETag"], start, stop)

    def size(self, key: str) -> int | None:
        head = self._head(self._name(key))
        return None if head is None else int(head["ContentLength"])

    def delete(self, key: str) -> None:
        name = self._name(key)
        aws.persistently(lambda _: self._client.delete_object(Bucket=self._bucket, Key=name))

    def link(self, key: str, *, filename: str, expires_s: int) -> str | None:
        wanted = {
            "Bucket": self._bucket,
            "Key": self._name(key),
            "ResponseContentDisposition": attachment(filename),
            "ResponseContentType": "application/octet-stream",
            "ResponseCacheControl": "private, no-store",
        }
        try:
            address: str = self._client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=expires_s)
        except BotoCoreError as error:
            raise aws.meaning(error) from error
        return address

    def local_path(self, key: str) -> Path | None:
        check_key(key)
        return None

    def everything(self) -> Iterator[str]:
        """The keys of all blobs. Beyond the port: for moving a store."""
        following: dict[str, str] = {}
        while True:
            page = aws.persistently(
                lambda _, following=following: self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, **following)  # type: ignore[misc]
            )
            for found in page.get("Contents", []):
                yield found["Key"].removeprefix(self._prefix)
            if not page.get("IsTruncated"):
                return
            following = {"ContinuationToken": page["NextContinuationToken"]}

    def _chunks(self, name: str, etag: str, start: int, stop: int) -> Iterator[bytes]:
        """A line that is cut is taken up again where it broke, of the very same object."""
        while start < stop:
            begin = start
            body = aws.persistently(
                lambda _, begin=begin: self._client.get_object(  # type: ignore[misc]
                    Bucket=self._bucket, Key=name, Range=f"bytes={begin}-{stop - 1}", IfMatch=etag
                )
            )["Body"]
            try:
                for chunk in body.iter_chunks(_CHUNK_BYTES):
                    start += len(chunk)
                    yield chunk
            except (BotoCoreError, HTTPError) as error:
                if start == begin:
                    raise aws.meaning(error) from error
            finally:
                body.close()

    def _head(self, name: str) -> dict[str, Any] | None:
        def ask(_: aws.Attempt) -> dict[str, Any] | None:
            try:
                answer: dict[str, Any] = self._client.head_object(Bucket=self._bucket, Key=name)
                return answer
            except ClientError as error:
                if aws.code_of(error) in _GONE:
                    return None
                raise

        return aws.persistently(ask)

    def _put_whole(self, name: str, data: bytes) -> None:
        aws.persistently(
            lambda _: self._client.put_object(Bucket=self._bucket, Key=name, Body=data, ChecksumSHA256=_checksum(data), **self._encryption)
        )

    def _put_part(self, name: str, upload: str, number: int, data: bytes) -> dict[str, Any]:
        checksum = _checksum(data)
        answer = aws.persistently(
            lambda _: self._client.upload_part(
                Bucket=self._bucket, Key=name, UploadId=upload, PartNumber=number, Body=data, ChecksumSHA256=checksum
            )
        )
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}

    def _complete(self, name: str, upload: str, parts: list[dict[str, Any]], mark: str) -> None:
        def complete(attempt: aws.Attempt) -> None:
            try:
                self._client.complete_multipart_upload(Bucket=self._bucket, Key=name, UploadId=upload, MultipartUpload={"Parts": parts})
            except ClientError as error:
                # Completed by an attempt whose answer got lost: then the object is there and carries our mark.
                if attempt.ambiguous and aws.code_of(error) == "NoSuchUpload" and self._carries(name, mark):
                    return
                raise

        aws.persistently(complete)

    def _carries(self, name: str, mark: str) -> bool:
        head = self._head(name)
        return head is not None and head["Metadata"].get(_MARK) == mark

    def _abort(self, name: str, upload: str) -> None:
        """Best effort: what stays is swept by the bucket's own rule for incomplete uploads."""
        try:
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=name, UploadId=upload)
        except (ClientError, BotoCoreError):
            return

    def _name(self, key: str) -> str:
        check_key(key)
        return self._prefix + key


def _read(source: BinaryIO, size: int) -> bytes:
    """Exactly `size` bytes, or what is left. A source may give less at a time than it is asked for."""
    pieces: list[bytes] = []
    while size and (piece := source.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _checksum(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()
