"""How the server starts: from an empty folder, with a secret of its own, quickly, and without what only the trainer needs."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import psutil

from tests.system.harness import ROOT, Server, running_server


def test_a_first_start_makes_the_data_folder_with_a_secret_that_only_its_owner_reads(data: Path) -> None:
    with running_server(data):
        secret = next(data.glob("*secret*"))
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        assert len(secret.read_bytes().strip()) >= 32


def test_the_address_is_the_last_thing_that_is_printed(data: Path) -> None:
    with running_server(data) as server:
        last = [line for line in server.log.read_text().splitlines() if line.strip()]
    assert any(server.url in line for line in last[-3:]), last


def test_a_second_start_keeps_the_secret_and_the_accounts(data: Path) -> None:
    with running_server(data) as server:
        session = server.client().register()
        server.stop()
        server.start()
        client = server.client()
        client.http.headers["authorization"] = f"Bearer {session['access_token']}"
        assert client.get("/api/auth/me")["email"] == "ada@example.org"


def test_the_server_never_loads_torch(server: Server) -> None:
    mapped = {memory.path for memory in psutil.Process(server.pid).memory_maps()}
    assert not [path for path in mapped if "torch" in path or "tokenizers" in path]


def test_check_prints_the_configuration_with_secrets_masked_and_stops(data: Path) -> None:
    secret = "kept-from-prying-eyes-" * 3
    command = [sys.executable, "-m", "server", "--check", "--data", str(data), "--port", "5123"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"LLM_TUNER_SIGNING_SECRET": secret}, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "5123" in done.stdout and str(data) in done.stdout
    assert secret not in done.stdout + done.stderr


def test_a_port_that_is_taken_is_said_in_words(server: Server, data: Path) -> None:
    command = [sys.executable, "-m", "server", "--data", str(data), "--port", str(server.port)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode != 0
    assert str(server.port) in done.stderr + done.stdout
    assert "Traceback" not in done.stderr + done.stdout
