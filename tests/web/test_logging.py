"""The log: one JSON object a line in production, and no secret in it whoever logs."""

import json
import subprocess
import sys

import pytest

from server.settings import REPOSITORY
from server.web.logging import Forgiving, mask_secrets


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


PROGRAM = """
import logging, sys
import structlog
from server.web import logging as ours
ours.configure(environment=sys.argv[1], level="info")
def fail(password):
    raise RuntimeError("the reason")
structlog.get_logger().debug("too quiet")
structlog.get_logger().info("request", status=200, client_secret="hush")
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
