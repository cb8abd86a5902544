"""Reports over HTTP: files that are downloaded, a page that may do nothing, links that end, forms that need their token."""

import io
import json
import zipfile

import httpx2
import pytest
from starlette.testclient import TestClient

from server.domain import keys
from server.domain.accounts.one_time import digest_of
from tests.web.answers import refusal
from tests.web.conftest import EMAIL, PASSWORD

ROWS = b"".join(b'{"prompt": "Number %d?", "completion": "It is %d, as everybody knows."}\n' % (n, n) for n in range(40))


@pytest.fixture
def job_id(signed_in: TestClient) -> str:
    """A job that waits: nothing is trained here."""
    signed_in.app.state.services.supervisor.stop()  # type: ignore[attr-defined]
    document = signed_in.post("/api/documents", files={"file": ("numbers.jsonl", ROWS)}).json()
    body = {"base_model": "gpt2-scratch-1m", "document_ids": [document["id"]], "allow_short_run": True}
    job: str = signed_in.post("/api/jobs", json=body).json()["id"]
    return job


@pytest.fixture
def report_id(signed_in: TestClient, job_id: str) -> str:
    report: str = signed_in.post("/api/reports", json={"job_ids": [job_id], "format": "markdown"}).json()["id"]
    return report


def shared(client: TestClient, report_id: str) -> str:
    """The path of a new link."""
    return "/shared-reports/" + client.post(f"/api/reports/{report_id}/share", json={}).json()["url"].rpartition("/")[2]


def as_stranger(client: TestClient, path: str) -> httpx2.Response:
    return client.get(path, headers={"authorization": ""})


def test_a_report_is_made_listed_read_and_deleted(signed_in: TestClient, report_id: str) -> None:
    (listed,) = signed_in.get("/api/reports").json()["data"]
    assert (listed["id"], listed["conclusions"][0]["outcome"], listed["num_shares"]) == (report_id, "not_trained", 0)
    assert signed_in.get(f"/api/reports/{report_id}").json() == listed
    assert signed_in.delete(f"/api/reports/{report_id}").status_code == 200
    assert refusal(signed_in.get(f"/api/reports/{report_id}"), 404)["code"] == "report.not_found"


@pytest.mark.parametrize(
    ("format", "kind"), [("html", "text/html"), ("json", "application/json"), ("csv", "text/csv"), ("", "text/markdown")]
)
def test_every_format_is_a_download(signed_in: TestClient, report_id: str, format: str, kind: str) -> None:
    answer = signed_in.get(f"/api/reports/{report_id}/content", params={"format": format} if format else {})
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_link_for_the_browser_shows_the_page_or_gives_the_file(signed_in: TestClient, report_id: str) -> None:
    view = signed_in.post(f"/api/reports/{report_id}/link", json={"view": True}).json()["url"]
    page = as_stranger(signed_in, view)
    assert "content-disposition" not in page.headers and "sandbox" in page.headers["content-security-policy"]
    file = signed_in.post(f"/api/reports/{report_id}/link", json={"format": "csv"}).json()["url"]
    assert as_stranger(signed_in, file).headers["content-disposition"].startswith("attachment")


def test_a_shared_report_is_a_page_that_may_do_nothing_and_is_kept_nowhere(signed_in: TestClient, report_id: str) -> None:
    page = as_stranger(signed_in, shared(signed_in, report_id))
    assert page.status_code == 200 and "<h1>" in page.text
    headers = page.headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "noindex" in headers["x-robots-tag"]
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert "set-cookie" not in headers


def test_links_that_open_nothing_look_the_same_whatever_the_reason(signed_in: TestClient, report_id: str) -> None:
    revoked = shared(signed_in, report_id)
    share_id = signed_in.get(f"/api/reports/{report_id}/shares").json()["data"][0]["id"]
    signed_in.delete(f"/api/reports/{report_id}/shares/{share_id}")
    gone = shared(signed_in, report_id)
    signed_in.delete(f"/api/reports/{report_id}")
    answers = [as_stranger(signed_in, path) for path in (revoked, gone, "/shared-reports/never-made", "/shared-reports/" + "x" * 500)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert len({str(sorted((k, v) for k, v in answer.headers.items() if k not in {"x-request-id", "date"})) for answer in answers}) == 1


def test_leaving_ends_every_link_at_once(signed_in: TestClient, report_id: str) -> None:
    path = shared(signed_in, report_id)
    signed_in.app.state.services.sweeper.stop()  # type: ignore[attr-defined]
    assert signed_in.post("/api/account/delete", json={"email": EMAIL, "password": PASSWORD}).status_code == 202
    assert as_stranger(signed_in, path).status_code == 404


def test_what_is_left_of_a_leaver_is_no_report_and_no_link(signed_in: TestClient, report_id: str) -> None:
    services = signed_in.app.state.services  # type: ignore[attr-defined]
    user = signed_in.get("/api/auth/me").json()["id"]
    token = shared(signed_in, report_id).rpartition("/")[2]
    while not services.departure.go_on(user):
        pass
    kept = [str(path) for path in services.settings.blobs_folder.rglob("*") if path.is_file()]
    assert not [path for path in kept if "report" in path]
    assert services.records.get(keys.shared_report(digest_of(token))) is None


def test_the_export_holds_the_reports_and_no_secret_of_their_links(signed_in: TestClient, report_id: str) -> None:
    token = shared(signed_in, report_id).rpartition("/")[2]
    archive = zipfile.ZipFile(io.BytesIO(signed_in.get("/api/account/export").content))
    told = json.loads(archive.read(f"reports/{report_id}/report.json"))
    assert (told["id"], len(told["shares"])) == (report_id, 1)
    assert json.loads(archive.read(f"reports/{report_id}/content.json"))["object"] == "report_content"
    assert not [name for name in archive.namelist() if token.encode() in archive.read(name)]


def test_a_form_of_the_guided_workflow_needs_the_csrf_token_and_a_bearer_does_not(signed_in: TestClient, job_id: str) -> None:
    address = "/llm-training/api/reports"
    assert signed_in.post(address, json={"job_ids": [job_id], "include_logs": True}).status_code == 201
    form = {"job_ids": job_id, "format": "pdf", "include_metrics": "false"}
    bare = {"authorization": ""}
    assert refusal(signed_in.post(address, data=form, headers=bare), 403)["code"] == "accounts.csrf"
    token = signed_in.cookies["llm_tuner_csrf"]
    made = signed_in.post(address, data=form | {"csrf_token": token}, headers=bare)
    assert (made.status_code, made.json()["format"], made.json()["include_metrics"]) == (201, "pdf", False)
    assert [report["id"] for report in signed_in.get(address, headers=bare).json()["data"]][0] == made.json()["id"]
