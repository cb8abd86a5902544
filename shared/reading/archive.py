"""ZIP: the files inside, each read in its turn and named in every problem. Nothing is unpacked to disk; no name inside is a path."""

import io
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from shared.reading.decoding import Unreadable
from shared.reading.examples import Example, ReadProblem, quoted
from shared.reading.unpacking import DAMAGED

MAX_MEMBERS = 10_000
MAX_UNPACKED_BYTES = 4 << 30
MAX_MEMBER_IN_MEMORY = 256 << 20
_SUSPICIOUS_RATIO = 200
_SMALL = 32 << 20

_ACCESSORIES = {
    *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".ico", ".svg", ".css", ".js", ".mjs", ".map", ".woff", ".woff2"),
    *(".ttf", ".otf", ".eot", ".mp3", ".mp4", ".wav", ".ogg", ".m4a", ".mov", ".avi", ".webm", ".yaml", ".yml", ".toml", ".ini", ".cfg"),
    *(".lock", ".py", ".pyc", ".sh", ".bat", ".ipynb", ".xml", ".rels", ".db", ".lnk"),
}
_ABOUT_THE_DATA = {"readme", "license", "licence", "copying", "changelog", "notice", "citation", "dataset_infos", "dataset_info"}
_TABULAR = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet")

ReadMember = Callable[[BinaryIO, str, int], Iterator[Example | ReadProblem]]
"""Reads one file: its bytes, its name, its size."""


def read_archive(file: BinaryIO, read: ReadMember) -> Iterator[Example | ReadProblem]:
    """Raises Unreadable for an archive that is damaged or made to do harm."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            members = [info for info in archive.infolist() if not info.is_dir() and not _is_clutter(info.filename)]
            _refuse_bomb(members)
            with_data = any(info.filename.lower().endswith(_TABULAR) for info in members)
            num_read = 0
            for info in members:
                reason = _left_out(info, with_data)
                if reason:
                    yield _told(
                        info.filename, ReadProblem(None, f"{reason}, so this file was left out.", False, "Nothing to do, if that is right.")
                    )
                    continue
                num_read += 1
                for item in _read_member(archive, info, read):
                    yield _told(info.filename, item) if isinstance(item, ReadProblem) else item
            if not num_read:
                raise Unreadable(
                    "The ZIP archive holds no file that can be read.",
                    "Put TXT, MD, HTML, PDF, DOCX, CSV, TSV, JSON, JSONL or Parquet files into it.",
                )
    except DAMAGED:
        raise Unreadable("The ZIP archive is damaged.", "Make it anew and upload it again.") from None


def _refuse_bomb(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise Unreadable(
            f"The ZIP archive holds {len(members):,} files; at most {MAX_MEMBERS:,} are read.", "Join small files, or split the archive."
        )
    for info in members:
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > _SMALL and ratio > _SUSPICIOUS_RATIO:
            message = f"The file {quoted(info.filename)} in the ZIP archive unpacks to {ratio:,.0f} times its size, as only bombs do."
            raise Unreadable(message, "Upload the file itself instead.")
    total = sum(info.file_size for info in members)
    packed = sum(info.compress_size for info in members)
    if total > 4 * _SMALL and total > _SUSPICIOUS_RATIO * max(packed, 1):
        message = f"The ZIP archive unpacks to {total / max(packed, 1):,.0f} times its size, as only bombs do."
        raise Unreadable(message, "Upload the files themselves instead.")
    if total > MAX_UNPACKED_BYTES:
        raise Unreadable(
            f"The ZIP archive unpacks to {total / 2**30:,.1f} GB; at most {MAX_UNPACKED_BYTES >> 30} GB are read.", "Split it into several."
        )


def _is_clutter(name: str) -> bool:
    """What systems put beside people's files."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return (
        not parts or "__MACOSX" in parts or parts[-1].startswith(("._", ".DS_Store")) or parts[-1].lower() in ("thumbs.db", "desktop.ini")
    )


def _left_out(info: zipfile.ZipInfo, with_data: bool) -> str | None:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if stat.S_ISLNK(info.external_attr >> 16):
        return "It is a link"
    if not info.file_size:
        return "It is empty"
    if path.suffix.lower() in _ACCESSORIES:
        return "It is no document"
    if path.name.startswith("."):
        return "It is hidden"
    if with_data and path.name.lower().partition(".")[0] in _ABOUT_THE_DATA:
        return "It tells about the data beside it"
    return None


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, read: ReadMember) -> Iterator[Example | ReadProblem]:
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or path.parts[0].endswith(":") or "\x00" in info.orig_filename:
        yield _bad("its name leads out of the archive", "Give it a plain name and make the archive anew.")
        return
    if info.flag_bits & 1:
        yield _bad("it is encrypted", "Make the archive without a password.")
        return
    try:
        with archive.open(info) as stream:
            head = stream.read(8)
            if head.startswith((b"%PDF-", b"PK\x03\x04", b"PAR1")):  # read from many places: too slow while it is packed
                if info.file_size > MAX_MEMBER_IN_MEMORY:
                    yield _bad(f"it has more than {MAX_MEMBER_IN_MEMORY >> 20} MB", "Upload it by itself.")
                    return
                stream.seek(0)
                content = stream.read()
                yield from read(io.BytesIO(content), path.name, info.file_size)
            else:
                yield from read(cast(BinaryIO, stream), path.name, info.file_size)
    except NotImplementedError:
        yield _bad("it is packed in a way that is not supported", 'Make the archive with the usual method, "deflate".')
    except DAMAGED:
        yield _bad("it is damaged and cannot be unpacked", "Make the archive anew.")


def _bad(reason: str, fix: str) -> ReadProblem:
    return ReadProblem(None, f"The file cannot be read: {reason}.", True, fix, skippable=True)


def _told(name: str, problem: ReadProblem) -> ReadProblem:
    """The problem with the name of its file."""
    message = problem.message
    if message[1:2].islower():
        message = message[0].lower() + message[1:]
    return replace(problem, message=f"In {quoted(name)}: {message}", member=quoted(name)[1:-1])
