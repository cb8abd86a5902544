"""A base model from a model hub: a small one of our own on the loopback, so that what is fetched, and what is not, can be seen."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMIT = "c0ffee" * 6 + "c0ff"
FETCH = """
import sys
from pathlib import Path
from server.tuning.base import is_whole, ready_folder
for _ in range(2):
    folder = ready_folder("distilgpt2", base_models_folder=Path(sys.argv[1]), models_folder=None, report=print)
assert is_whole(folder)
"""


class Hub(ThreadingHTTPServer):
    """Serves one folder as every repository, and remembers what it was asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/api/models/"):
            body = json.dumps(self._tree() if "/tree/" in path else self._repository()).encode()
        else:
            name = path.rpartition("/")[2]
            body = (self.server.folder / name).read_bytes()
            if with_body:
                self.server.asked.append(name)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _repository(self) -> dict[str, Any]:
        return {"id": "distilbert/distilgpt2", "sha": COMMIT, "siblings": [{"rfilename": entry["path"]} for entry in self._tree()]}

    def _tree(self) -> list[dict[str, Any]]:
        files = sorted(self.server.folder.iterdir())
        sums = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
        return [{"type": "file", "path": file.name, "size": file.stat().st_size, "oid": oid} for file, oid in zip(files, sums, strict=True)]

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def hub(models_folder: Path, tmp_path: Path) -> Iterator[Hub]:
    folder = tmp_path / "repository"
    folder.mkdir()
    for file in (models_folder / "tiny-gpt2").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    (folder / "modeling.py").write_text("raise SystemExit")
    hub = Hub(folder)
    threading.Thread(target=hub.serve_forever, daemon=True).start()
    yield hub
    hub.shutdown()
    hub.server_close()


def test_only_safetensors_and_known_files_are_fetched_and_only_once(hub: Hub, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= {"HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}", "HF_HOME": str(tmp_path / "home"), "NO_PROXY": "*"}
    command = [sys.executable, "-c", FETCH, str(tmp_path / "bases")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Downloading DistilGPT-2" in done.stdout
    fetched = {path.name for path in (tmp_path / "bases" / "distilgpt2").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "prepared.json"} <= fetched
    assert not fetched & {"pytorch_model.bin", "modeling.py", ".cache"}
    assert sorted(hub.asked) == sorted(set(hub.asked))
