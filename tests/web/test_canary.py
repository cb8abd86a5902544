"""Five hundred strings that climb out of folders or into commands, in every field that takes text: a file outside of the data folder is
neither read, nor written, nor named.
"""

import itertools
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

CANARY = "the-canary-must-not-sing"
CLIMBS = ["../", "..\\", "%2e%2e/", "%2e%2e%2f", "..%2f", "..%5c", "....//", "..;/", "%252e%252e%252f", "..%c0%af", "\u2025/", ".\u200b./"]
OTHERS = [
    "{path}",
    "file://{path}",
    "/proc/self/root{path}",
    "~/../..{path}",
    "{path}%00.txt",
    "{path}\x00.txt",
    "\\\\127.0.0.1\\c$\\canary",
    "$(cat {path})",
    "`cat {path}`",
    "; cat {path}",
    "| cat {path}",
    "& cat {path}",
    "\ncat {path}\n",
    "--config={path}",
    "-r{path}",
    "@{path}",
    "'; DROP TABLE documents; --",
    "' OR '1'='1",
    "' UNION SELECT data FROM documents --",
    "{{7*7}}",
    "{{% include '{path}' %}}",
    "${{jndi:ldap://127.0.0.1/x}}",
    "<!ENTITY x SYSTEM 'file://{path}'>",
    "%s%s%s%n",
    "\r\nset-cookie: a=b",
    "user#usr-1",
    "profile",
    "..",
    ".",
    "CON",
    "a" * 300,
    "\ud800",
    "\U0001f40d",
]


def strings(canary: Path) -> list[str]:
    """At least five hundred, each pointed at the canary."""
    below = [f"{climb * depth}{tail}" for climb, depth, tail in itertools.product(CLIMBS, range(1, 11), (canary.name, str(canary)[1:]))]
    kept = [f"{start}/{text}" for start, text in itertools.product(("documents", "local"), below[::2])]
    return [*below, *kept, *(text.format(path=canary) for text in OTHERS)]


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    file = tmp_path / "canary.txt"
    file.write_text(CANARY)
    return file


def test_no_string_in_any_field_reaches_a_file_outside(signed_in: TestClient, canary: Path) -> None:
    texts = strings(canary)
    assert len(texts) >= 500
    document = signed_in.post("/api/documents", files={"file": ("notes.txt", b"The sea was calm.\n\n" * 20)}).json()["id"]
    before = canary.stat()
    files_before = set(canary.parent.iterdir())
    for text in texts:
        clean = text.encode("utf-8", "replace").decode()
        in_path = quote(clean, safe="")
        answers = [
            signed_in.get(f"/api/documents/{in_path}/content"),
            signed_in.get(f"/assets/{in_path}"),
            signed_in.get("/api/documents", params={"after": clean}),
            signed_in.patch(f"/api/documents/{document}", json={"name": clean, "description": clean}),
            signed_in.post("/api/uploads", json={"filename": clean, "size_bytes": 1}),
            signed_in.post("/api/jobs", json={"base_model": clean, "document_ids": [clean], "name": clean}),
        ]
        for answer in answers:
            assert answer.status_code < 500, (text, answer.text)
            assert CANARY not in answer.text
    after = canary.stat()
    assert (canary.read_text(), after.st_mtime_ns, after.st_ino) == (CANARY, before.st_mtime_ns, before.st_ino)
    assert set(canary.parent.iterdir()) == files_before


@pytest.mark.parametrize(
    "filename", ["../../canary.txt", "/etc/passwd", "..\\..\\canary.txt", "a/../../canary.txt", "canary.txt\x00.jsonl"]
)
def test_the_name_of_an_uploaded_file_is_only_a_name(signed_in: TestClient, canary: Path, filename: str) -> None:
    answer = signed_in.post("/api/documents", files={"file": (filename, b"The sea was calm.\n\nWe saw a heron.\n\n" * 20)})
    assert answer.status_code in {201, 422}, answer.text
    assert canary.read_text() == CANARY
    if answer.status_code == 201:
        kept = signed_in.get(f"/api/documents/{answer.json()['id']}/content")
        assert "/" not in kept.headers["content-disposition"].partition(";")[2].partition("filename*")[0]
