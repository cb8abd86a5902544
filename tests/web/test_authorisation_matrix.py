"""Every route of the running application against everybody who may come: a row for each, made from the router, so that none is forgotten.

A route without a row fails. Strangers of every kind are refused and change nothing; what belongs to somebody else is not there, wherever
its id stands: in the address, in the query, in the body.
"""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from server.app import create_app
from server.domain import keys
from server.domain.accounts.tokens import Tokens
from server.domain.models.tuned import StoredModel
from server.ports.records import Delete
from server.settings import Settings
from tests.domain.accounts.conftest import SetClock
from tests.web.answers import refusal

PASSWORD = "a long pass phrase"
SECRET = "a secret of the tests that is long enough"
MODEL = "ft:gpt2-scratch-1m:ada:kettle:12345678"
ROWS_OF_DATA = b"".join(b'{"prompt": "Number %d?", "completion": "It is %d, as everybody knows."}\n' % (n, n) for n in range(40))
GENERATE = {"prompt": "The kettle", "max_tokens": 1}
JOB = {"base_model": "gpt2-scratch-1m"}

Json = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """`body` is a request that its owner may send; words in braces stand for ids of Ada's things. `files` is sent as a form.

    `owner`: what Ada gets, where a call on her own things is cheap enough to be made here. `foreign`: what Bob gets for the same; 404
    unless the request names nothing of Ada's.
    """

    body: Json | None = None
    files: Json | None = None
    owner: int | None = 200
    foreign: int | None = 404


NOTHING_OF_ADAS = None
"""For `foreign`: Bob's request is about himself, and may succeed. That it changes nothing of Ada's is still looked at."""

# Beside the list of public routes in tests/house/test_routes_are_guarded.py.
PUBLIC = {
    "GET /api/openapi.json",
    "GET /api/installation",
    "GET /livez",
    "GET /readyz",
    "POST /api/auth/register",
    "POST /api/auth/login",
    "POST /api/auth/refresh",
    "POST /api/auth/logout",
    "GET /api/auth/google/start",
    "GET /api/auth/google/callback",
    "POST /api/auth/google/finish",
    "POST /api/auth/password-reset",
    "POST /api/auth/password-reset/finish",
    "POST /api/auth/verify-email",
    "POST /api/setup",
    "GET /api/downloads/{token}",
    "GET /shared-reports/{token}",
}
# Nobody's, whoever they are: the operator's program asks, from the machine itself or with a token that is no user's.
OPERATORS = {"GET /metrics"}
OWN = Row(foreign=NOTHING_OF_ADAS)
ROWS: dict[str, Row] = {
    # --- reading and making: what the owner does first
    "GET /api/auth/me": OWN,
    "PATCH /api/account": Row({"name": "Ada"}, foreign=NOTHING_OF_ADAS),
    "POST /api/account/password": Row({"current_password": "wrong", "new_password": PASSWORD}, owner=403, foreign=403),
    "POST /api/account/verification": Row(owner=409, foreign=409),
    "POST /api/account/email": Row({"email": "new@example.org", "password": "wrong"}, owner=403, foreign=403),
    "GET /api/account/identities": OWN,
    "DELETE /api/account/identities/{linked_id}": Row(owner=404),
    "POST /api/auth/google/link": Row({"code": "nonsense"}, owner=404),
    "GET /api/account/sessions": OWN,
    "GET /api/account/security-log": OWN,
    "GET /api/account/export": OWN,
    "POST /api/account/export-link": OWN,
    "POST /api/account/delete": Row({"email": "wrong@example.org", "password": "wrong"}, owner=422, foreign=422),
    "POST /api/keys": Row({"name": "a key", "scopes": ["read"]}, owner=201, foreign=NOTHING_OF_ADAS),
    "GET /api/keys": OWN,
    "GET /api/usage": OWN,
    "GET /api/samples": OWN,
    "POST /api/samples/{sample_id}": Row(owner=None, foreign=404),
    "GET /api/documents": OWN,
    "POST /api/documents": Row(files={"file": ("more.jsonl", ROWS_OF_DATA)}, owner=None, foreign=NOTHING_OF_ADAS),
    "GET /api/documents/{document_id}": Row(),
    "PATCH /api/documents/{document_id}": Row({"name": "Renamed"}),
    "GET /api/documents/{document_id}/preview": Row(),
    "GET /api/documents/{document_id}/content": Row(),
    "POST /api/documents/{document_id}/download-link": Row(),
    "GET /api/documents/{document_id}/text": Row(owner=None),
    "GET /api/documents/{document_id}/problems": Row(owner=None),
    "GET /api/uploads": OWN,
    "POST /api/uploads": Row({"filename": "x.txt", "size_bytes": 10}, owner=201, foreign=NOTHING_OF_ADAS),
    "GET /api/uploads/{upload_id}": Row(),
    "PUT /api/uploads/{upload_id}/parts/{part}": Row(owner=None),
    "POST /api/uploads/{upload_id}/complete": Row({}, owner=409),
    "GET /api/uploads/{upload_id}/problems": Row(owner=None),
    "GET /api/datasets": OWN,
    "POST /api/datasets": Row({"document_ids": ["{document_id}"]}, owner=201),
    "GET /api/datasets/{dataset_id}": Row(),
    "POST /api/looks": Row({"document_ids": ["{document_id}"], "base_model": "gpt2-scratch-1m"}, owner=None),
    "GET /api/base-models": OWN,
    "POST /api/base-models/{model_id}/generate": Row(GENERATE, owner=None, foreign=404),
    "POST /api/forecasts": Row(JOB | {"document_ids": ["{document_id}"]}, owner=None),
    "POST /api/jobs": Row(JOB | {"document_ids": ["{document_id}"]}, owner=None),
    "GET /api/jobs": OWN,
    "GET /api/jobs/{job_id}": Row(),
    "PATCH /api/jobs/{job_id}": Row({"note": "noted"}),
    "GET /api/jobs/{job_id}/logs": Row(),
    "GET /api/jobs/{job_id}/metrics": Row(),
    "GET /api/jobs/{job_id}/checkpoints": Row(),
    "GET /api/jobs/{job_id}/stream": Row(owner=None),
    "POST /api/jobs/{job_id}/checkpoints/{checkpoint_id}/generate": Row(GENERATE, owner=404),
    "POST /api/jobs/{job_id}/clone": Row({}, owner=None),
    "POST /api/jobs/{job_id}/pause": Row(owner=None),
    "POST /api/jobs/{job_id}/resume": Row(owner=None),
    "POST /api/jobs/{job_id}/retry": Row(owner=None),
    "GET /api/notifications/settings": OWN,
    "PUT /api/notifications/settings": Row({"browser": True}, foreign=NOTHING_OF_ADAS),
    "GET /api/notifications/deliveries": OWN,
    "POST /api/notifications/test": Row(owner=409, foreign=409),
    "POST /api/notifications/webhook-secret": Row(owner=None, foreign=None),
    "POST /api/test-submissions": Row(files={"file": ("essay.txt", b"An essay about kettles.")}, owner=None, foreign=NOTHING_OF_ADAS),
    "GET /api/test-submissions": OWN,
    "GET /api/test-submissions/{submission_id}": Row(),
    "PATCH /api/test-submissions/{submission_id}": Row({"name": "Renamed"}),
    "POST /api/test-sets": Row({"document_id": "{document_id}"}, owner=201),
    "POST /api/test-sets/preview": Row({"submission_ids": ["{submission_id}"]}),
    "GET /api/test-sets": OWN,
    "GET /api/test-sets/{test_set_id}": Row(),
    "PATCH /api/test-sets/{test_set_id}": Row({"name": "Renamed"}),
    "GET /api/test-sets/{test_set_id}/items": Row(),
    "POST /api/evaluations": Row({"test_set_id": "{test_set_id}", "tuned_model_ids": ["{tuned_model_id}"]}, owner=201),
    "GET /api/evaluations": OWN,
    "GET /api/evaluations/{evaluation_id}": Row(),
    "GET /api/evaluations/{evaluation_id}/items": Row(owner=404),
    "POST /api/guides": Row(files={"file": ("guide.txt", b"Always warm the pot first.")}, owner=None, foreign=NOTHING_OF_ADAS),
    "GET /api/guides": OWN,
    "POST /api/guides/datasets": Row({"guide_ids": ["{guide_id}"]}, owner=201),
    "GET /api/guides/{guide_id}": Row(),
    "PATCH /api/guides/{guide_id}": Row({"name": "Renamed"}),
    "GET /api/guides/{guide_id}/passages": Row(),
    "GET /api/guides/{guide_id}/scored-items": Row(),
    "POST /api/guides/{guide_id}/scored-items": Row({"text": "A short essay.", "score": 3}, owner=201),
    "PATCH /api/guides/{guide_id}/scored-items/{item_id}": Row({"dropped": True}),
    "POST /llm-training/api/training-guides/upload": Row(
        files={"file": ("guide.txt", b"Always warm the pot first."), "name": (None, "Tea")}, owner=None, foreign=NOTHING_OF_ADAS
    ),
    "GET /llm-training/api/training-guides": OWN,
    "POST /llm-training/api/training-jobs": Row({"model": "gpt2-scratch-1m", "guides": ["{guide_id}"]}, owner=None),
    "GET /llm-training/api/training-jobs": OWN,
    "POST /llm-training/api/datasets": Row({"guides": ["{guide_id}"]}, owner=201),
    "GET /llm-training/api/datasets": OWN,
    "POST /llm-training/api/test-submissions/upload": Row(
        files={"file": ("essay.txt", b"An essay about kettles."), "name": (None, "Essay")}, owner=None, foreign=NOTHING_OF_ADAS
    ),
    "GET /llm-training/api/test-submissions": OWN,
    "GET /api/tuned-models": OWN,
    "GET /api/tuned-models/{tuned_model_id}": Row(),
    "POST /api/tuned-models/{tuned_model_id}/generate": Row(GENERATE, owner=None),
    "GET /api/tuned-models/{tuned_model_id}/download": Row(owner=None),
    "POST /api/tuned-models/{tuned_model_id}/download-link": Row(),
    "GET /api/tuned-models/{tuned_model_id}/exports": Row(),
    "POST /api/tuned-models/{tuned_model_id}/exports": Row({"format": "gguf-f16"}, owner=None),
    "GET /api/tuned-models/{tuned_model_id}/exports/{format}/download": Row(owner=None),
    "POST /api/tuned-models/{tuned_model_id}/exports/{format}/download-link": Row(owner=None),
    "POST /api/reports": Row({"job_ids": ["{job_id}"]}, owner=201),
    "GET /api/reports": OWN,
    "GET /api/reports/{report_id}": Row(),
    "GET /api/reports/{report_id}/content": Row(),
    "POST /api/reports/{report_id}/link": Row({"format": "html", "view": True}),
    "POST /api/reports/{report_id}/share": Row({"expires_in_days": 1}, owner=201),
    "GET /api/reports/{report_id}/shares": Row(),
    "GET /llm-training/api/reports": OWN,
    "POST /llm-training/api/reports": Row({"job_ids": ["{job_id}"], "format": "markdown"}, owner=201),
    # --- the same things by their other names
    "POST /v1/files": Row(
        files={"file": ("more.jsonl", ROWS_OF_DATA), "purpose": (None, "fine-tune")}, owner=None, foreign=NOTHING_OF_ADAS
    ),
    "GET /v1/files": OWN,
    "GET /v1/files/{file_id}": Row(),
    "GET /v1/files/{file_id}/content": Row(),
    "DELETE /v1/files/{file_id}": Row(owner=None),
    "POST /v1/uploads": Row(
        {"bytes": 10, "filename": "x.jsonl", "mime_type": "text/jsonl", "purpose": "fine-tune"}, foreign=NOTHING_OF_ADAS
    ),
    "POST /v1/uploads/{pieces_id}/parts": Row(files={"data": ("upload", b"0123456789")}, owner=None),
    "POST /v1/uploads/{pieces_id}/complete": Row({"part_ids": ["part_x"]}, owner=400),
    "POST /v1/uploads/{pieces_id}/cancel": Row(),
    "POST /v1/fine_tuning/jobs": Row({"model": "gpt2-scratch-1m", "training_file": "{file_id}"}, owner=None),
    "GET /v1/fine_tuning/jobs": OWN,
    "GET /v1/fine_tuning/jobs/{job_id}": Row(),
    "GET /v1/fine_tuning/jobs/{job_id}/events": Row(),
    "GET /v1/fine_tuning/jobs/{job_id}/checkpoints": Row(),
    "POST /v1/fine_tuning/jobs/{job_id}/pause": Row(owner=None),
    "POST /v1/fine_tuning/jobs/{job_id}/resume": Row(owner=None),
    "POST /v1/fine_tuning/jobs/{job_id}/cancel": Row(owner=None),
    "GET /v1/models": OWN,
    "GET /v1/models/{model}": Row(),
    "DELETE /v1/models/{model}": Row(owner=None),
    "POST /v1/completions": Row({"model": "{tuned_model_id}", "prompt": "The kettle", "max_tokens": 1}, owner=None),
    "POST /v1/chat/completions": Row(
        {"model": "{tuned_model_id}", "messages": [{"role": "user", "content": "Tea?"}], "max_tokens": 1}, owner=None
    ),
    # --- the administration: Ada is no administrator either
    "POST /api/setup/administrator": Row({"token": "nonsense"}, owner=403, foreign=403),
    "GET /api/admin/installation": Row(owner=403, foreign=403),
    "PATCH /api/admin/installation": Row({"registration": "closed"}, owner=403, foreign=403),
    "GET /api/admin/users": Row(owner=403, foreign=403),
    "GET /api/admin/users/{user_id}": Row(owner=403, foreign=403),
    "PATCH /api/admin/users/{user_id}": Row({"disabled": True}, owner=403, foreign=403),
    "GET /api/admin/queue": Row(owner=403, foreign=403),
    "POST /api/admin/queue/{job_id}/cancel": Row(owner=403, foreign=403),
    "GET /api/admin/security-log": Row(owner=403, foreign=403),
    "POST /api/admin/invitations": Row({}, owner=403, foreign=403),
    "GET /api/admin/invitations": Row(owner=403, foreign=403),
    "DELETE /api/admin/invitations/{invitation_id}": Row(owner=403, foreign=403),
    # --- ending and deleting: what the owner does last
    "DELETE /api/reports/{report_id}/shares/{share_id}": Row(),
    "DELETE /api/reports/{report_id}": Row(),
    "POST /api/jobs/{job_id}/cancel": Row(),
    "DELETE /api/jobs/{job_id}": Row(),
    "POST /api/evaluations/{evaluation_id}/cancel": Row(),
    "DELETE /api/evaluations/{evaluation_id}": Row(),
    "DELETE /api/test-sets/{test_set_id}": Row(owner=None),
    "DELETE /api/test-submissions/{submission_id}": Row(),
    "DELETE /api/guides/{guide_id}": Row(),
    "DELETE /api/tuned-models/{tuned_model_id}": Row(owner=None),
    "DELETE /api/datasets/{dataset_id}": Row(),
    "DELETE /api/documents/{document_id}": Row(),
    "DELETE /api/uploads/{upload_id}": Row(),
    "DELETE /api/keys/{key_id}": Row(),
    "DELETE /api/account/sessions/{session_id}": Row(),
    "POST /api/account/sessions/end-others": OWN,
}
# The same word stands for other things below these addresses.
_NAMES = {"/api/tuned-models/{model_id}": "/api/tuned-models/{tuned_model_id}", "/v1/uploads/{upload_id}": "/v1/uploads/{pieces_id}"}


@dataclass
class World:
    """An application with Ada, who has one of everything, Bob, and what others might try to get in with."""

    app: FastAPI
    client: TestClient
    ids: dict[str, str] = field(default_factory=dict)
    bearers: dict[str, str | None] = field(default_factory=dict)

    def ask(self, route: str, who: str, **over: Any) -> httpx2.Response:
        row = ROWS[route]
        method, path = route.split()
        words: Json = {"files": row.files} if row.files else {} if row.body is None else {"json": filled(row.body, self.ids)}
        if method == "PUT" and row.body is None:
            words = {"content": b"x", "headers": {"content-type": "application/octet-stream"}}
        headers = words.pop("headers", {}) | ({} if (bearer := self.bearers[who]) is None else {"authorization": f"Bearer {bearer}"})
        self.client.cookies.clear()
        return self.client.request(method, filled(path, self.ids), headers=headers, **(words | over))

    def store(self, *, of: str | None = None) -> set[tuple[object, ...]]:
        """Everything that is kept, or what is kept of one user. What merely notes visits is left out: a refusal may be noted."""
        with sqlite3.connect(f"file:{self.app.state.services.settings.records_file}?mode=ro", uri=True) as records:
            rows = records.execute("SELECT partition, sort, version, data FROM documents").fetchall()
        return {row for row in rows if "security" not in (row[0] + row[1]) and (of is None or of in row[0])}


def filled(template: Any, ids: dict[str, str]) -> Any:
    if isinstance(template, str):
        return re.sub(r"{(\w+)}", lambda found: ids[found[1]], template)
    if isinstance(template, dict):
        return {name: filled(value, ids) for name, value in template.items()}
    return [filled(value, ids) for value in template] if isinstance(template, list) else template


def routes_of(app: FastAPI) -> set[str]:
    found = {
        f"{method} {re.sub(r':[a-z]+}', '}', context.path)}"
        for context in iter_route_contexts(app.routes)
        for method in context.methods or ()
        if context.path and method != "HEAD"
    }
    for theirs, ours in _NAMES.items():
        found = {route.replace(theirs, ours) for route in found}
    return {route for route in found if not re.fullmatch(r"[A-Z]+ (/api|/v1|/llm-training/api)?/?\{path\}", route)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    app = create_app(Settings(home=tmp_path_factory.mktemp("matrix"), hub="off", signing_secret=SECRET))  # type: ignore[arg-type]
    with TestClient(app) as client:
        app.state.services.supervisor.stop()  # Jobs stay in the queue: nothing is trained here, nor tested.
        app.state.services.examiner.stop()
        yield furnished(World(app, client))


def furnished(world: World) -> World:
    services = world.app.state.services
    for name in ("ada", "bob", "gone", "revoked"):
        world.client.cookies.clear()
        answer = world.client.post("/api/auth/register", json={"email": f"{name}@example.org", "password": PASSWORD})
        world.bearers[name] = answer.json()["access_token"]
        world.ids[name] = answer.json()["user"]["id"]
        refresh, csrf = world.client.cookies["llm_tuner_refresh"], world.client.cookies["llm_tuner_csrf"]
        if name == "ada":
            world.ids["session_id"] = refresh.split(".")[1]
            world.bearers["a refresh token"] = refresh
        if name == "revoked":
            world.client.post("/api/auth/logout", headers={"x-csrf-token": csrf})
        if name == "gone":
            services.records.write(Delete(keys.profile(world.ids[name]), None), Delete(keys.email_owner("gone@example.org"), None))
    ada = {"authorization": f"Bearer {world.bearers['ada']}"}
    world.client.cookies.clear()
    post = world.client.post
    world.ids["document_id"] = post("/api/documents", files={"file": ("numbers.jsonl", ROWS_OF_DATA)}, headers=ada).json()["id"]
    documents = {"document_ids": [world.ids["document_id"]]}
    world.ids["dataset_id"] = post("/api/datasets", json=documents, headers=ada).json()["id"]
    world.ids["upload_id"] = post("/api/uploads", json={"filename": "big.txt", "size_bytes": 100}, headers=ada).json()["id"]
    world.ids |= {"file_id": world.ids["document_id"].replace("doc-", "file-"), "model": MODEL}
    announced = {"bytes": 10, "filename": "big.jsonl", "mime_type": "text/jsonl", "purpose": "fine-tune"}
    world.ids["pieces_id"] = post("/v1/uploads", json=announced, headers=ada).json()["id"]
    job = post("/api/jobs", json=JOB | documents | {"allow_short_run": True}, headers=ada)
    assert job.status_code == 201, job.text
    world.ids["job_id"] = job.json()["id"]
    report = post("/api/reports", json={"job_ids": [world.ids["job_id"]]}, headers=ada)
    assert report.status_code == 201, report.text
    world.ids["report_id"] = report.json()["id"]
    share = post(f"/api/reports/{report.json()['id']}/share", json={}, headers=ada).json()
    world.ids["share_id"] = share["id"]
    world.bearers["a shared report's token"] = share["url"].rpartition("/")[2]
    key = post("/api/keys", json={"name": "for the matrix", "scopes": ["read"]}, headers=ada).json()
    world.ids |= {
        "key_id": key["id"],
        "user_id": world.ids["ada"],
        "tuned_model_id": MODEL,
        "sample_id": "nothing",
        "part": "1",
        "format": "gguf-f16",
    }
    world.ids |= {"model_id": "nothing", "invitation_id": "inv-1", "token": "x", "checkpoint_id": "1", "linked_id": "0" * 64}
    services.records.write(*services.tuned_models.adding(model_of(world.ids["ada"], world.ids["job_id"])))
    guide = {"file": ("guide.md", b"Warm the pot.\n\nThe pot was warmed and the tea is hot.\n\nScore: 7/10\n")}
    world.ids["guide_id"] = post("/api/guides", files=guide, headers=ada).json()["id"]
    world.ids |= {"item_id": "found-1", "format": "gguf-f16"}
    essay = {"file": ("essay.txt", b"The tea was cold."), "expected_score": (None, "3")}
    world.ids["submission_id"] = post("/api/test-submissions", files=essay, headers=ada).json()["id"]
    test_set = post("/api/test-sets", json={"submission_ids": [world.ids["submission_id"]]}, headers=ada).json()
    world.ids["test_set_id"] = test_set["id"]
    asked = {"test_set_id": test_set["id"], "tuned_model_ids": [MODEL]}
    world.ids["evaluation_id"] = post("/api/evaluations", json=asked, headers=ada).json()["id"]
    world.bearers |= {"a reading key": key["key"], "nobody": None}
    world.bearers["a download token"] = post(f"/api/tuned-models/{MODEL}/download-link", headers=ada).json()["url"].rpartition("/")[2]
    world.bearers["expired"] = expired(world)
    return world


def model_of(owner: str, job_id: str) -> StoredModel:
    return StoredModel(
        key="mdl-1",
        id=MODEL,
        owner=owner,
        name="Kettle",
        base_model="gpt2-scratch-1m",
        method="scratch",
        job_id=job_id,
        chat=False,
        num_parameters=1,
        validation_loss_before=None,
        validation_loss=None,
        num_training_tokens=1,
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
        files=[],
    )


def expired(world: World) -> str:
    """Ada's own token, of her session that is still open, from the past."""
    from server.domain.accounts.tokens import Access

    token, _ = Tokens(SECRET, SetClock(), access_ttl_s=-(10**8)).access(Access(world.ids["ada"], world.ids["session_id"]))
    return token


STRANGERS = ["nobody", "expired", "revoked", "gone", "a refresh token", "a download token", "a shared report's token"]


def test_every_route_has_a_row_and_every_row_a_route(world: World) -> None:
    assert routes_of(world.app) == PUBLIC | OPERATORS | set(ROWS)


@pytest.mark.parametrize("route", ROWS)
def test_strangers_of_every_kind_are_refused_and_change_nothing(world: World, route: str) -> None:
    before = world.store()
    for stranger in STRANGERS:
        refusal(world.ask(route, stranger), 401)
    assert world.store() == before


@pytest.mark.parametrize("route", OPERATORS)
def test_what_is_the_operators_is_for_no_user_and_no_stranger(world: World, route: str) -> None:
    before = world.store()
    method, path = route.split()
    for bearer in world.bearers.values():
        world.client.cookies.clear()
        refusal(world.client.request(method, path, headers={"authorization": f"Bearer {bearer}"} if bearer else {}), 403)
    assert world.store() == before


# A stream that is let in does not end while the job waits, and nobody here could wait for it.
@pytest.mark.parametrize("route", [route for route in ROWS if not route.endswith("/stream")])
def test_a_key_without_the_scope_changes_nothing(world: World, route: str) -> None:
    before = world.store(of=world.ids["ada"])
    answer = world.ask(route, "a reading key")
    if not route.startswith("GET "):
        refusal(answer, 403)
        assert {row[:2] for row in world.store(of=world.ids["ada"])} == {row[:2] for row in before}
    else:
        assert answer.status_code in {200, 403, 404, 409}, answer.text


@pytest.mark.parametrize("route", ROWS)
def test_what_is_somebody_elses_is_not_there_and_stays_as_it_is(world: World, route: str) -> None:
    row = ROWS[route]
    before = world.store(of=world.ids["ada"])
    answer = world.ask(route, "bob")
    if row.foreign is not None:
        refusal(answer, row.foreign)
    else:
        assert answer.status_code < 300, answer.text
    secrets = {value for name, value in world.ids.items() if name.endswith("_id") and len(value) > 20}
    told = answer.text.replace(filled(route.split()[1], world.ids).rpartition("/")[2], "") if answer.status_code == 404 else answer.text
    path_ids = set(filled(route.split()[1], world.ids).split("/"))
    assert not [secret for secret in secrets - path_ids if secret in told and secret not in str(filled(row.body, world.ids))]
    assert world.store(of=world.ids["ada"]) == before


@pytest.mark.parametrize("listing", [route for route in ROWS if route.startswith("GET ") and "{" not in route])
def test_somebody_elses_id_in_a_query_opens_nothing(world: World, listing: str) -> None:
    before = world.store(of=world.ids["ada"])
    for name in ("document_id", "dataset_id", "job_id", "tuned_model_id", "upload_id", "user_id"):
        answer = world.ask(listing, "bob", params={"after": world.ids[name], "owner": world.ids["ada"], "user_id": world.ids["ada"]})
        assert answer.status_code < 500
        if answer.status_code == 200 and answer.headers["content-type"] == "application/json":
            assert not [value for key, value in world.ids.items() if key.endswith("_id") and len(value) > 20 and value in answer.text]
    assert world.store(of=world.ids["ada"]) == before


BODIES = [
    ("POST /api/jobs", JOB | {"document_ids": ["{document_id}"]}),
    ("POST /api/jobs", JOB | {"dataset_id": "{dataset_id}"}),
    ("POST /api/forecasts", JOB | {"dataset_id": "{dataset_id}"}),
    ("POST /api/looks", {"base_model": "gpt2-scratch-1m", "dataset_id": "{dataset_id}"}),
    ("POST /api/datasets", {"document_ids": ["{document_id}"]}),
    ("POST /api/reports", {"job_ids": ["{job_id}"]}),
    ("POST /api/jobs", {"base_model": "{tuned_model_id}", "document_ids": ["{document_id}"]}),
    ("POST /api/test-sets", {"document_id": "{document_id}"}),
    ("POST /api/test-sets", {"submission_ids": ["{submission_id}"]}),
    ("POST /api/test-sets", {"hold_back": {"document_id": "{document_id}", "num_items": 2}}),
    ("POST /api/evaluations", {"test_set_id": "{test_set_id}", "tuned_model_ids": ["{tuned_model_id}"]}),
    ("POST /api/guides/datasets", {"guide_ids": ["{guide_id}"]}),
    ("POST /llm-training/api/training-jobs", {"model": "gpt2-scratch-1m", "guides": ["{guide_id}"]}),
    ("POST /llm-training/api/training-jobs", {"model": "gpt2-scratch-1m", "dataset_id": "{dataset_id}"}),
    ("POST /v1/fine_tuning/jobs", {"model": "gpt2-scratch-1m", "training_file": "{document_id}"}),
    ("POST /v1/fine_tuning/jobs", {"model": "{tuned_model_id}", "training_file": "{file_id}"}),
    ("POST /v1/chat/completions", {"model": "{tuned_model_id}", "messages": [{"role": "user", "content": "Tea?"}]}),
    ("POST /llm-training/api/datasets", {"document_ids": ["{document_id}"]}),
]


@pytest.mark.parametrize(("route", "body"), BODIES)
def test_somebody_elses_id_in_a_body_is_an_id_of_nothing(world: World, route: str, body: Json) -> None:
    before = world.store()
    answer = world.ask(route, "bob", json=filled(body, world.ids))
    assert answer.status_code in {404, 422}, answer.text
    nobodys = {name: f"{value[:4]}{'0' * len(value[4:])}" for name, value in world.ids.items()}
    unknown = world.ask(route, "bob", json=filled(body, nobodys))
    assert (answer.status_code, answer.json()["error"]["code"]) == (unknown.status_code, unknown.json()["error"]["code"])
    assert world.store() == before


def test_the_owner_may_do_everything(world: World) -> None:
    """Last, because it ends with deleting; in the order of the rows."""
    statuses = {route: world.ask(route, "ada").status_code for route, row in ROWS.items() if row.owner is not None}
    assert {route: status for route, status in statuses.items() if status != ROWS[route].owner} == {
        # Ending one's own session is the last thing that it does.
        "POST /api/account/sessions/end-others": 401,
    }
