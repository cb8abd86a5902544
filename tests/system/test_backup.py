"""A backup of a running installation, put back on an empty folder, is that installation."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.harness import ROOT, Client, Server, running_server


def script(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(ROOT / "scripts" / name), *words], capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def model(client: Client, small_text: bytes) -> str:
    document = client.upload(small_text, "log.txt")
    job = client.create_job(base_model="gpt2-scratch-1m", document_ids=[document["id"]], hyperparameters={"max_steps": 10})
    return str(client.wait_for(job["id"], "succeeded", timeout_s=120)["tuned_model"])


def test_a_backup_of_a_running_installation_is_that_installation(server: Server, client: Client, model: str, tmp_path: Path) -> None:
    backup, restored = tmp_path / "all.tar", tmp_path / "restored"
    made = script("backup", str(backup), "--data", str(server.data))
    assert made.returncode == 0, made.stderr
    assert backup.stat().st_mode & 0o077 == 0
    put_back = script("restore", str(backup), "--data", str(restored))
    assert put_back.returncode == 0, put_back.stderr
    with running_server(restored, hub="off", trainer_threads="1") as second:
        again = second.client()
        again.login()
        job = again.get("/api/jobs")["data"][0]
        assert (job["state"], job["tuned_model"]) == ("succeeded", model)
        assert again.log_of(job["id"]) == client.log_of(job["id"])
        asked = {"prompt": "Day 61.", "max_tokens": 8}
        path = f"/api/tuned-models/{model}/generate"
        assert again.post(path, **asked)["token_ids"] == client.post(path, **asked)["token_ids"]


@pytest.mark.parametrize("harm", ["changed", "cut", "named outside"])
def test_a_damaged_backup_restores_nothing(server: Server, model: str, tmp_path: Path, harm: str) -> None:
    backup, restored = tmp_path / "all.tar", tmp_path / "restored"
    assert script("backup", str(backup), "--data", str(server.data)).returncode == 0
    data = bytearray(backup.read_bytes())
    if harm == "changed":
        place = data.index(b"Day 7. The sea")
        data[place : place + 3] = b"Dax"
    elif harm == "cut":
        del data[len(data) // 2 :]
    else:
        import io
        import tarfile

        with tarfile.open(backup, "w") as archive:
            entry = tarfile.TarInfo("../outside")
            entry.size = 1
            archive.addfile(entry, io.BytesIO(b"x"))
        data = bytearray(backup.read_bytes())
    backup.write_bytes(data)
    refused = script("restore", str(backup), "--data", str(restored))
    assert refused.returncode == 1
    assert "Nothing was restored" in refused.stderr
    assert not restored.exists()
    assert not (tmp_path / "outside").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.tar"]


def test_a_folder_in_use_is_never_restored_over(server: Server, model: str, tmp_path: Path) -> None:
    backup = tmp_path / "all.tar"
    assert script("backup", str(backup), "--data", str(server.data)).returncode == 0
    assert "already" in script("backup", str(backup), "--data", str(server.data)).stderr
    refused = script("restore", str(backup), "--data", str(server.data))
    assert refused.returncode == 1
    assert "not empty" in refused.stderr
