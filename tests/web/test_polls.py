"""Polls of logs and metrics: quick, and never at the price of saying what is not so or to whom it does not belong."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from server.domain.accounts import recent
from server.settings import Settings
from server.wiring import Services
from shared.job_spec import EVENTS_FILE
from shared.wire import LogPage, Metrics
from tests.system.planted import plant_jobs
from tests.web.answers import refusal
from tests.web.conftest import PASSWORD

QUESTIONS = ["logs?after={end}", "logs?after={end}&limit=7", "logs", "logs?limit=10", "metrics?after={end}", "metrics"]


@pytest.fixture
def job(signed_in: TestClient, settings: Settings) -> str:
    owner = signed_in.get("/api/auth/me").json()["id"]
    [job_id] = plant_jobs(settings.home, owner, 1, state="paused", num_lines=30)
    return job_id


@pytest.fixture
def log(job: str, settings: Settings) -> Path:
    return settings.runs_folder / job / EVENTS_FILE


@pytest.fixture
def bob(signed_in: TestClient) -> dict[str, str]:
    session = signed_in.post("/api/auth/register", json={"email": "bob@example.org", "password": PASSWORD}).json()
    return {"authorization": f"Bearer {session['access_token']}"}


@pytest.fixture
def by_route(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows with each request that went to a route: there the access token is verified."""
    services: Services = app.state.services
    asked: list[str] = []
    identify = services.accounts.identify
    monkeypatch.setattr(services.accounts, "identify", lambda token, visit: asked.append(token) or identify(token, visit))
    return asked


def ask(client: TestClient, job: str, what: str, **headers: str) -> Any:
    return client.get(f"/api/jobs/{job}/{what}", headers=headers)


@pytest.mark.parametrize("what", QUESTIONS)
def test_an_answer_at_once_is_the_one_that_the_route_gives(
    signed_in: TestClient, job: str, log: Path, by_route: list[str], what: str
) -> None:
    question = what.format(end=log.stat().st_size)
    given = ask(signed_in, job, question)
    for _ in range(5):  # On a busy machine a second may have passed meanwhile.
        by_route.clear()
        at_once = ask(signed_in, job, question)
        if not by_route:
            break
    assert not by_route, "this was to be answered without asking a route"
    assert at_once.content == given.content
    differing = {"x-request-id", "date"}
    assert {name: value for name, value in at_once.headers.items() if name not in differing} == {
        name: value for name, value in given.headers.items() if name not in differing
    }
    model = Metrics if what.startswith("metrics") else LogPage
    assert json.loads(model.model_validate_json(at_once.content).model_dump_json()) == at_once.json()


def test_nothing_new_is_an_empty_answer_and_304_for_who_has_it(signed_in: TestClient, job: str, log: Path) -> None:
    end = log.stat().st_size
    for what in (f"logs?after={end}", f"metrics?after={end}", "logs", "metrics"):
        for _ in range(2):  # By the route, and at once.
            first = ask(signed_in, job, what)
            assert first.json()["next"] == end
            same = ask(signed_in, job, what, **{"if-none-match": first.headers["etag"]})
            assert (same.status_code, same.content) == (304, b"")
            assert same.headers["etag"] == first.headers["etag"]


def test_a_new_line_and_an_end_are_told_to_who_has_the_answer_before(signed_in: TestClient, job: str, log: Path) -> None:
    end = log.stat().st_size
    tag = ask(signed_in, job, f"logs?after={end}").headers["etag"]
    with log.open("ab") as file:
        file.write(log.read_bytes().splitlines(keepends=True)[-1])
    new = ask(signed_in, job, f"logs?after={end}", **{"if-none-match": tag})
    assert (new.status_code, len(new.json()["lines"])) == (200, 1)
    assert len(ask(signed_in, job, f"metrics?after={end}", **{"if-none-match": f'"{end}"'}).json()["data"]) == 1

    end = log.stat().st_size
    tag = ask(signed_in, job, f"logs?after={end}").headers["etag"]
    signed_in.post(f"/api/jobs/{job}/cancel")
    time.sleep(1.1)
    over = ask(signed_in, job, f"logs?after={end}", **{"if-none-match": tag})
    assert (over.status_code, over.json()["lines"], over.json()["live"]) == (200, [], False)


def test_half_a_line_is_not_told(signed_in: TestClient, job: str, log: Path) -> None:
    end = log.stat().st_size
    ask(signed_in, job, f"logs?after={end}")
    with log.open("ab") as file:
        file.write(b'{"seq":1,"at":"2026-')
    for _ in range(2):
        answer = ask(signed_in, job, f"logs?after={end}").json()
        assert (answer["lines"], answer["next"]) == ([], end)


@pytest.mark.parametrize("what", ["logs", "metrics", "stream"])
def test_somebody_elses_job_is_not_there_while_its_owner_polls(signed_in: TestClient, bob: dict[str, str], job: str, what: str) -> None:
    if what != "stream":
        assert ask(signed_in, job, what).status_code == ask(signed_in, job, what).status_code == 200
    for _ in range(2):
        theirs = refusal(ask(signed_in, job, what, **bob), 404)
        nobodys = refusal(ask(signed_in, "job-nothere", what, **bob), 404)
        assert theirs["message"].replace(job, "") == nobodys["message"].replace("job-nothere", "")


def test_a_deleted_job_is_gone_at_once(signed_in: TestClient, job: str) -> None:
    signed_in.post(f"/api/jobs/{job}/cancel")
    assert ask(signed_in, job, "logs").status_code == ask(signed_in, job, "metrics").status_code == 200
    signed_in.delete(f"/api/jobs/{job}")
    refusal(ask(signed_in, job, "logs"), 404)
    refusal(ask(signed_in, job, "metrics"), 404)


def test_who_signs_out_polls_no_more(signed_in: TestClient, job: str) -> None:
    assert ask(signed_in, job, "logs").status_code == ask(signed_in, job, "logs").status_code == 200
    signed_in.post("/api/auth/logout", headers={"x-csrf-token": signed_in.cookies["llm_tuner_csrf"]})
    refusal(ask(signed_in, job, "logs"), 401)


def test_a_session_that_another_server_ended_is_over_within_a_second(signed_in: TestClient, job: str, settings: Settings) -> None:
    from server.app import create_app

    assert ask(signed_in, job, "logs").status_code == 200
    with TestClient(create_app(settings)) as other:
        other.cookies = signed_in.cookies
        assert other.post("/api/auth/logout", headers={"x-csrf-token": signed_in.cookies["llm_tuner_csrf"]}).status_code == 204
    deadline = time.monotonic() + recent.FRESH_S
    while (answer := ask(signed_in, job, "logs")).status_code == 200:
        assert time.monotonic() < deadline + 0.2
        time.sleep(0.05)
    refusal(answer, 401)


def test_the_end_of_a_log_is_read_without_its_beginning_and_then_backwards(signed_in: TestClient, job: str, log: Path) -> None:
    whole = ask(signed_in, job, "logs?limit=1000").json()["lines"]
    page = ask(signed_in, job, "logs?tail=7").json()
    lines = page["lines"]
    assert (len(lines), page["next"]) == (7, log.stat().st_size)
    while page["start"]:
        page = ask(signed_in, job, f"logs?before={page['start']}&limit=7").json()
        lines = page["lines"] + lines
    assert lines == whole
    for what in ("logs?tail=0", "logs?after=-1", "logs?before=-1", "logs?limit=1001", "metrics?after=x"):
        refusal(ask(signed_in, job, what), 422)
