"""What is generated and committed is what the code gives now."""

from pathlib import Path

import pytest

from scripts import gen_types

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_openapi_document_is_that_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "HOST", "PORT"):
        monkeypatch.delenv(f"LLM_TUNER_{name}", raising=False)
    now = gen_types.openapi_text(gen_types.openapi_document())
    assert (ROOT / "shared/openapi.json").read_text() == now, "run scripts/gen_types.py and commit what it writes"


def test_the_types_of_the_page_are_those_of_the_document() -> None:
    openapi = (ROOT / "shared/openapi.json").read_text()
    assert (ROOT / "shared/api.gen.ts").read_text() == gen_types.types_text(openapi), "run scripts/gen_types.py and commit what it writes"
