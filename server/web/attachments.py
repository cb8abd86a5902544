"""File names in headers."""

from urllib.parse import quote


def disposition(filename: str) -> str:
    """`Content-Disposition` for a download, with a plain name for old clients and the true one for all others (RFC 6266)."""
    plain = "".join(character if character.isascii() and (character.isalnum() or character in "._- ") else "_" for character in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
