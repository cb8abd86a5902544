"""The log: one JSON object a line in production, and no secret in it whoever logs."""

import json
import subprocess
import sys
import time

import pytest
from pydantic import BaseModel, ValidationError

from server.settings import REPOSITORY
from server.web.logging import Forgiving, mask_secrets
from server.web.redaction import masked_text


def test_values_under_a_telling_name_are_masked_at_any_depth() -> None:
    event = {
        "event": "x",
        "password": "p",
        "headers": {"Authorization": "Bearer t", "accept": "*/*", "Set-Cookie": "c"},
        "list": [{"access_token": "t"}],
    }
    assert mask_secrets(None, "info", event) == {
        "event": "x",
        "password": "[masked]",
        "headers": {"Authorization": "[masked]", "accept": "*/*", "Set-Cookie": "[masked]"},
        "list": [{"access_token": "[masked]"}],
    }


KEY = "ltk_" + "aB3-" * 10 + "xyz"
SECRETS = {
    "an API key": KEY,
    "a signed token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c3ItMSJ9.c2lnbmF0dXJl-_x",
    "a refresh token": "usr-" + "0" * 26 + ".ses-" + "1" * 26 + "." + "s" * 43,
    "a link of one use": "usr-" + "0" * 26 + "." + "s" * 43,
    "a password hash": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
    "a cloud key": "AKIAABCDEFGHIJKLMNOP",
    "a hub token": "hf_abcdefghijklmnopqrstuvwx",
    "a header": "Bearer opaque-token-12345",
    "a query": "GET /x?token=abcdef123",
    "a private key": "-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----",
}


@pytest.mark.parametrize("name", SECRETS)
def test_what_looks_like_a_secret_is_masked_in_the_middle_of_a_text(name: str) -> None:
    secret = SECRETS[name]
    line = masked_text(f"connection to 'x' failed: {secret} was refused (17 times)")
    assert "[masked]" in line
    assert secret.split()[-1].rpartition("=")[2] not in line
    assert line.startswith("connection to 'x' failed: ") and line.endswith(" was refused (17 times)")


def test_a_password_in_an_address_is_masked_and_the_address_stays() -> None:
    assert masked_text("smtp://ada:hush@mail.example.org:25/x") == "smtp://[masked]@mail.example.org:25/x"


def test_what_did_not_fit_a_model_is_masked_and_the_rule_stays() -> None:
    class Model(BaseModel):
        name: str

    with pytest.raises(ValidationError) as refused:
        Model.model_validate({"hush": "hush", "nam": "hush"})
    line = masked_text(f"request_failed {refused.value}")
    assert "hush" not in line
    assert "Field required [type=missing, input_value=[masked], input_type=dict]" in line


@pytest.mark.parametrize(
    "plain",
    [
        "GET /api/jobs/job-01kafx8 200",
        "usr-00000000000000000000000000 signed in",
        "http://127.0.0.1:5000/x",
        "tokens_per_s 120.5",
        "a@b.org",
    ],
)
def test_what_is_no_secret_stays(plain: str) -> None:
    assert masked_text(plain) == plain


@pytest.mark.parametrize(
    "text", ["eyJ" * 300_000, "://" + "a" * 1_000_000, "input_value=" * 80_000, "ltk_" * 250_000, "-----BEGIN PRIVATE KEY-----" * 2_000]
)
def test_masking_takes_no_longer_for_a_hostile_line(text: str) -> None:
    started = time.process_time()
    masked_text(text)
    assert time.process_time() - started < 2


PROGRAM = """
import logging, sys
import structlog
from server.web import logging as ours
ours.configure(environment=sys.argv[1], level="info")
def fail(password):
    raise RuntimeError("the reason")
structlog.get_logger().debug("too quiet")
structlog.get_logger().info("request", status=200, client_secret="hush", path="/x?token=hush-hush")
logging.getLogger("uvicorn.error").error("from a library")
try:
    fail("hush")
except RuntimeError:
    structlog.get_logger().exception("request_failed")
"""


def logged(environment: str) -> str:
    done = subprocess.run([sys.executable, "-c", PROGRAM, environment], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr


def test_production_writes_one_json_object_a_line() -> None:
    lines = [json.loads(line) for line in logged("production").splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("request", "info"),
        ("from a library", "error"),
        ("request_failed", "error"),
    ]
    assert lines[0]["client_secret"] == "[masked]"
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert "RuntimeError: the reason" in lines[2]["exception"]


@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_traceback_never_shows_the_values_of_variables(environment: str) -> None:
    text = logged(environment)
    assert "RuntimeError: the reason" in text
    assert "hush" not in text.replace('fail("hush")', "")
    assert "too quiet" not in text


def test_a_log_that_cannot_be_written_is_lost_and_nothing_else() -> None:
    class Full:
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    forgiving = Forgiving(Full())  # type: ignore[arg-type]
    assert forgiving.write("a line") == 6
    forgiving.flush()
