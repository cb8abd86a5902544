"""The wheel: what is in it, that two builds are the same to the bit, and that it serves the page from wherever it was unpacked."""

import json
import os
import runpy
import shutil
import socket
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
OPERATING = ("backup", "create_tables", "deploy_check", "migrate", "reproduce", "reset_password", "restore")
INSTALLATION = """
import sys
from pathlib import Path
from server.settings import Settings
from server.wiring import build

services = build(Settings(home=Path(sys.argv[1]), hub="off"))
services.accounts.register("ada@example.org", "a long pass phrase")
services.errands.wait()
services.records.close()
"""
PAGE = "<!doctype html><html><title>LLM Tuner</title></html>"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel is made of, with a small page: how the real one is built is another test's business."""
    folder = tmp_path_factory.mktemp("sources")
    for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for name in ("server", "shared"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "client/dist/assets").mkdir(parents=True)
    (folder / "client/dist/index.html").write_text(PAGE)
    (folder / "client/dist/assets/index-a1b2c3.js").write_text("console.log('hello')")
    return folder


def built(sources: Path, folder: Path) -> Path:
    wheel: Path = runpy.run_path(str(ROOT / "scripts/build_wheel"))["build"](Path(sys.executable), sources, folder)
    return wheel


@pytest.fixture(scope="module")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(sources, tmp_path_factory.mktemp("wheel"))


def test_it_holds_every_module_the_samples_and_the_page_and_nothing_else(sources: Path, wheel: Path) -> None:
    code = {path.relative_to(sources).as_posix() for part in ("server", "shared") for path in (sources / part).rglob("*") if path.is_file()}
    page = {"server/page/index.html", "server/page/assets/index-a1b2c3.js", "server/constraints.txt"}
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == (code | page) - {"shared/api.gen.ts", "shared/openapi.json"}
    assert len(held) > 200


def test_it_has_its_commands_and_the_versions_floors(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        about = {name.partition(".dist-info/")[2]: name for name in archive.namelist() if ".dist-info/" in name}
        commands, metadata = archive.read(about["entry_points.txt"]).decode(), archive.read(about["METADATA"]).decode()
    parsed = ConfigParser()
    parsed.read_string(commands)
    commands_of_operators = {f"llm-tuner-{name.replace('_', '-')}": f"server.operating.{name}:main" for name in OPERATING}
    assert dict(parsed["console_scripts"]) == {"llm-tuner": "server.command_line.main:main"} | commands_of_operators
    assert "Requires-Python: >=3.11" in metadata
    assert "Requires-Dist: torch==2.13.0" in metadata


def test_two_builds_are_the_same_to_the_bit(sources: Path, wheel: Path, tmp_path: Path) -> None:
    for path in sources.rglob("*.py"):
        os.utime(path, (1, 1))  # a clone made at another time, by a person with another umask
        path.chmod(0o600)
    assert built(sources, tmp_path).read_bytes() == wheel.read_bytes()


def test_without_a_page_there_is_no_wheel(sources: Path, tmp_path: Path) -> None:
    pageless = tmp_path / "pageless"
    shutil.copytree(sources, pageless)
    shutil.rmtree(pageless / "client")
    with pytest.raises(SystemExit, match="could not be built"):
        built(pageless, tmp_path)


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def run_in(unpacked: Path, program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """One of the operator's commands, as its script in an environment calls it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LLM_TUNER_", "AWS_", "PYTHON"))}
    call = f"import sys; from server.operating.{program} import main; sys.exit(main())"
    environment = kept | {"LLM_TUNER_HUB": "off", "LLM_TUNER_PORT": "0"}
    command = [sys.executable, "-c", call, *words]
    return subprocess.run(command, cwd=unpacked, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_without_the_repository_an_operator_backs_up_restores_checks_and_helps(unpacked: Path, tmp_path: Path) -> None:
    home, again, backup = tmp_path / "home", tmp_path / "again", tmp_path / "backup.tar"
    subprocess.run([sys.executable, "-c", INSTALLATION, str(home)], cwd=unpacked, check=True, timeout=60)
    made = run_in(unpacked, "backup", str(backup), "--data", str(home))
    assert made.returncode == 0, made.stderr
    assert run_in(unpacked, "restore", str(backup), "--data", str(again)).returncode == 0
    link = run_in(unpacked, "reset_password", "ada@example.org", "--data", str(again))
    assert "/reset-password#token=" in link.stdout, link.stderr
    checks = ("python", "packages", "page", "data folder", "records are whole", "schema version")
    words = [word for name in checks for word in ("--only", name)]
    checked = run_in(unpacked, "deploy_check", "--json", "--data", str(again), *words)
    findings = json.loads(checked.stdout)["findings"]
    # A package of another version than the tested one is for a person to look at.
    assert {found["level"] for found in findings if found["check"] != "packages"} == {"green"}
    assert {found["level"] for found in findings} <= {"green", "yellow"}
    assert len(findings) == 7


def test_a_report_that_is_none_is_told_of_without_the_repository_too(unpacked: Path, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("{}")
    said = run_in(unpacked, "reproduce", str(tmp_path / "report.json"))
    assert (said.returncode, "is not a report saved as JSON" in said.stderr) == (2, True), said.stderr


def test_without_aws_settings_its_commands_say_what_to_set(unpacked: Path, tmp_path: Path) -> None:
    for program, words in (("create_tables", ()), ("migrate", ("aws", "--data", str(tmp_path)))):
        said = run_in(unpacked, program, *words)
        assert (said.returncode, "LLM_TUNER_AWS_BUCKET" in said.stderr) == (1, True)


def test_unpacked_anywhere_it_serves_the_page_and_keeps_its_data_with_the_user(unpacked: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LLM_TUNER_")}
    environment = kept | {"XDG_DATA_HOME": str(tmp_path / "share"), "LLM_TUNER_HUB": "off", "PATH": str(tmp_path)}
    command = [sys.executable, "-m", "server", "--port", str(port)]
    server = subprocess.Popen(command, cwd=unpacked, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert server.stdout is not None
        assert b"is ready" in server.stdout.readline()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
            assert http.get("/").text == http.get("/jobs").text == PAGE
            assert "hello" in http.get("/assets/index-a1b2c3.js").text
            session = http.post("/api/auth/register", json={"email": "ada@example.org", "password": "a long pass phrase"}).json()
            bearer = {"authorization": f"Bearer {session['access_token']}"}
            assert http.post("/api/samples/harbour-kettle", headers=bearer).status_code == 201
    finally:
        server.terminate()
        server.wait(timeout=15)
        server.stdout.close() if server.stdout else None
    assert (tmp_path / "share/llm-tuner/records.sqlite3").exists()
    assert not (unpacked / "data").exists()
