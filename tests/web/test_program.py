"""`python -m server` as a program: what it prints, when it does not start, and what it leaves on the disk."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from server.settings import REPOSITORY

SECRET = "a secret of the operator that is long enough"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("LLM_TUNER_")}


def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = ENVIRONMENT | {f"LLM_TUNER_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "server", *words], cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=20
    )


def test_a_check_prints_the_configuration_without_its_secret_and_makes_nothing(tmp_path: Path) -> None:
    done = run("--check", "--port", "6001", "--data", str(tmp_path / "new" / "data"), signing_secret=SECRET)
    assert done.returncode == 0
    assert "LLM_TUNER_PORT = 6001\n" in done.stdout
    assert f"LLM_TUNER_HOME = {tmp_path}/new/data\n" in done.stdout
    assert SECRET not in done.stdout and "LLM_TUNER_SIGNING_SECRET = ***" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        (["--port", "70000"], {}, "LLM_TUNER_PORT"),
        (["--port", "http"], {}, "LLM_TUNER_PORT"),
        ([], {"signing_secret": "short"}, "LLM_TUNER_SIGNING_SECRET needs at least 32 bytes"),
        ([], {"environment": "staging"}, "LLM_TUNER_ENVIRONMENT"),
        ([], {"session_ttl_s": "soon"}, "LLM_TUNER_SESSION_TTL_S"),
    ],
)
@pytest.mark.parametrize("check", [["--check"], []], ids=["when checked", "when started"])
def test_a_wrong_setting_is_named_without_its_value(
    tmp_path: Path, words: list[str], settings: dict[str, str], said: str, check: list[str]
) -> None:
    done = run(*words, *check, "--data", str(tmp_path / "data"), **settings)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr and "short" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_told_before_any_data_is_touched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--port", str(port), "--data", str(tmp_path / "data"))
    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data" / "records.sqlite3").exists()


@pytest.mark.parametrize("check", [["--check"], []], ids=["when checked", "when started"])
def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path, check: list[str]) -> None:
    (tmp_path / "data").write_text("no folder")
    done = run("--port", "0", "--data", str(tmp_path / "data"), *check)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr and "--data" in done.stderr
    assert "Traceback" not in done.stderr


def test_records_of_a_newer_version_are_left_alone(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "records.sqlite3") as newer:
        newer.execute("PRAGMA user_version = 99")
    done = run("--port", "0", "--data", str(tmp_path))
    assert done.returncode == 1
    assert "newer version" in done.stderr and "Traceback" not in done.stderr


def test_the_operator_makes_a_link_for_a_forgotten_password(tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    from server.app import create_app
    from server.settings import Settings

    def ask(email: str, folder: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "scripts/reset_password", email, "--data", str(folder)]
        environment = ENVIRONMENT | {"LLM_TUNER_PUBLIC_URL": "https://tuner.example.org/"}
        return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=20)

    assert "no installation" in ask("ada@example.org", tmp_path / "nowhere").stderr
    with TestClient(create_app(Settings(home=tmp_path, hub="off"))) as client:
        account = {"email": "ada@example.org", "password": "a long pass phrase"}
        client.post("/api/auth/register", json=account)
        nobody = ask("bob@example.org", tmp_path)
        assert (nobody.returncode, nobody.stdout) == (1, "") and "Nobody has this e-mail address" in nobody.stderr
        link = ask("Ada@Example.org", tmp_path).stdout.strip()
        token = link.removeprefix("https://tuner.example.org/reset-password#token=")
        assert client.post("/api/auth/password-reset/finish", json={"token": token, "password": "quite another phrase"}).status_code == 204
        assert client.post("/api/auth/login", json=account).status_code == 401
        assert client.post("/api/auth/login", json=account | {"password": "quite another phrase"}).status_code == 200


def test_it_says_last_where_it_listens_keeps_its_folder_to_itself_and_tidies_up(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "tmp" / "folder").mkdir(parents=True)
    (data / "tmp" / "left-over").write_text("of a crash")
    server = subprocess.Popen(
        [sys.executable, "-m", "server", "--port", "0", "--data", str(data)],
        cwd=REPOSITORY,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        host, port = server.stdout.readline().strip().rpartition("http://")[2].split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(4096), b"")).lower()
    finally:
        server.terminate()
        rest, log = server.communicate(timeout=15)
    assert answer.startswith(b"http/1.1 200")
    assert b"\r\nserver:" not in answer
    assert rest == ""
    assert f"http://{host}:{port}/setup#token=" in log, "without an administrator it prints the link that makes one"
    assert list((data / "tmp").iterdir()) == []
    open_to_others = [path.name for path in data.rglob("*") if path.name not in {"tmp"} and stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert open_to_others == []
