"""The API's description of itself, from which the page's types and other clients are made."""

import re

from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.web.answers import refusal


def test_every_operation_has_a_short_name_of_its_own(app: FastAPI) -> None:
    names = [operation["operationId"] for methods in app.openapi()["paths"].values() for operation in methods.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z_]{1,40}", name) for name in names), names


def test_the_description_is_public_and_has_no_health_checks(client: TestClient) -> None:
    described = client.get("/api/openapi.json").json()
    assert described["info"]["title"] == "LLM Tuner"
    assert all(path.startswith(("/api/", "/llm-training/api/")) for path in described["paths"])


def test_there_is_no_page_that_would_load_scripts_from_elsewhere(client: TestClient) -> None:
    for path in ("/api/docs", "/api/redoc"):
        refusal(client.get(path), 404)
    assert "jsdelivr" not in client.get("/docs").text
