"""Asks a running server everything that its own description allows, and a good deal that it does not, and looks at each answer.

Used by a small test and by `scripts/chaos_schema.py`. Requests are made by schemathesis out of the description; what it finds must not be
there: an answer of 500 or above, an answer that the description does not allow, and words that belong inside.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.system.harness import Client

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# What belongs to the inside: stacks, files of this machine, the words of the database.
INSIDE = re.compile(r"Traceback|\.py\b|site-packages|sqlite|SELECT |INSERT |/home/|/root/|/tmp/|/usr/|pydantic|starlette", re.IGNORECASE)
TIMEOUT_S = 60


@dataclass
class Findings:
    """`faults` by operation and kind, with the first example of each."""

    num_cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)


def furnish(client: Client) -> dict[str, str]:
    """Gives a user one of most things; their ids by the names that the description has for them."""
    rows = b"".join(b'{"prompt": "Number %d?", "completion": "It is %d."}\n' % (number, number) for number in range(40))
    document = client.upload(rows, "numbers.jsonl")["id"]
    dataset = client.post("/api/datasets", document_ids=[document])["id"]
    upload = client.post("/api/uploads", filename="big.txt", size_bytes=100)["id"]
    job = client.create_job(base_model="gpt2-scratch-1m", document_ids=[document], allow_short_run=True)["id"]
    client.post(f"/api/jobs/{job}/cancel")
    tea = b"Warm the pot.\n\nThe pot was warmed before.\n\nScore: 4/5\n"
    guide = client.http.post("/api/guides", files={"file": ("tea.txt", tea)}).json()
    essay = client.http.post("/api/test-submissions", files={"file": ("essay.txt", b"The tea was cold.")}, data={"expected": "Bad."}).json()
    tests = {"guide_id": guide["id"], "item_id": "found-1", "submission_id": essay["id"]}
    tests["test_set_id"] = client.post("/api/test-sets", document_id=document)["id"]
    return {"document_id": document, "dataset_id": dataset, "upload_id": upload, "job_id": job, "sample_id": "harbour-kettle", **tests}


def ask_everything(url: str, *, token: str | None, cases_per_operation: int, ids: dict[str, str] | None = None, start: int = 0) -> Findings:
    """Sends about `cases_per_operation` requests to every operation; every second one about a thing of `ids` that is there.

    `start` chooses which: the same start, the same requests.
    """
    findings = Findings()
    with requests.Session() as session:
        if token is not None:
            session.headers["authorization"] = f"Bearer {token}"
        schema = schemathesis.openapi.from_url(f"{url}/api/openapi.json")
        for operation in _operations(schema):
            _ask(operation, session, findings, ids or {}, number=cases_per_operation, start=start)
    return findings


def _operations(schema: Any) -> Iterator[Any]:
    for result in schema.get_all_operations():
        operation = result.ok()
        # Those that end the account or the session that asks would end the asking.
        if operation.path not in {"/api/auth/logout", "/api/account/delete", "/api/account/sessions/{session_id}"}:
            yield operation


def _ask(operation: Any, session: requests.Session, findings: Findings, ids: dict[str, str], *, number: int, start: int) -> None:
    modes = list(schemathesis.GenerationMode)

    def asked(case: Any) -> None:
        if findings.num_cases % 2:
            case.path_parameters = {name: ids.get(name, value) for name, value in (case.path_parameters or {}).items()}
        response = case.call(session=session, timeout=TIMEOUT_S, allow_redirects=False)
        findings.num_cases += 1
        findings.statuses[response.status_code] += 1
        for kind, what in _wrong(case, response):
            findings.faults.setdefault(f"{operation.label}: {kind}", f"{what}\n{case.as_curl_command()[:600]}")

    for mode in modes:
        check = seed(start)(
            settings(
                max_examples=max(1, number // len(modes)),
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )(given(operation.as_strategy(generation_mode=mode))(asked))
        )
        with suppress(schemathesis.errors.SchemathesisError, Unsatisfiable):  # Nothing wrong can be sent where nothing is taken.
            check()


def _wrong(case: Any, response: Any) -> Iterator[tuple[str, str]]:
    for check in CHECKS:
        try:
            case.validate_response(response, checks=[check])
        except FailureGroup as failures:
            yield check.__name__, " | ".join(str(failure) for failure in failures.exceptions)[:800]
    if response.status_code >= 400 and (found := INSIDE.search(response.text)):
        yield "told of the inside", found[0]
