"""A real server on a free port over a folder of its own, and a client that speaks its API as a script of a user would.

Used by the system tests, `scripts/bench` and `scripts/e2e`. Nothing here knows a test. Only processes that were started here are ended.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "a long pass phrase"
START_TIMEOUT_S = 30.0


class Server:
    """A server process that can be stopped, killed and started again over the same folder and port.

    `python` is the interpreter of an environment that the wheel is installed in; without it, it is the repository's own server. No trainer
    waits for a run unless `standby` says so.
    """

    def __init__(self, data: Path, *, python: Path | None = None, **settings: str) -> None:
        self.data = data
        # Beside the data there is no `server` that could be taken for the installed one.
        self._program, self._place = (sys.executable, ROOT) if python is None else (str(python), data.parent)
        self.port = _free_port()
        self.log = data.parent / f"{data.name}.log"
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("LLM_TUNER_")}
        # Nothing that keeps every core busy beside what a test waits for: those that want it say so.
        settings = {"standby": "off", "calibrate": "false", **settings}
        self._environment |= {f"LLM_TUNER_{name.upper()}": value for name, value in settings.items()}
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: list[Client] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server was not started"
        return self._process.pid

    def start(self) -> None:
        """Returns when the server is ready to serve."""
        self.launch()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.answers("/readyz"):
            if self._process is not None and self._process.poll() is not None:
                raise RuntimeError(f"the server ended at once:\n{self.log.read_text()[-3000:]}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"the server was not ready within {START_TIMEOUT_S:.0f} s:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)

    def launch(self) -> None:
        """Starts the process and does not wait for it."""
        command = [self._program, "-m", "server", "--port", str(self.port), "--data", str(self.data)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._place,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def client(self) -> "Client":
        """A new user's client; closed with the server."""
        client = Client(self.url)
        self._clients.append(client)
        return client

    def close(self) -> None:
        """Stops the server, kills whatever still works in its folder, and closes the clients."""
        self.stop()
        for trainer in self.trainers():
            trainer.kill()
        for client in self._clients:
            client.http.close()

    def answers(self, path: str) -> bool:
        try:
            return httpx.get(self.url + path, timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """SIGKILL, as the kernel does when memory runs out: the server has no chance to tidy up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def wait(self, *, timeout_s: float) -> int:
        """The exit status of a server that was told to end by somebody else. Raises `subprocess.TimeoutExpired`."""
        assert self._process is not None, "the server was not started"
        status = self._process.wait(timeout_s)
        self._process = None
        return status

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def trainers(self) -> list[psutil.Process]:
        """Processes other than the server that work on this server's folder: their command line or working folder lies in it."""
        found = []
        server = self._process.pid if self._process else None
        for process in psutil.process_iter():
            try:
                places = [*process.cmdline()[1:], process.cwd()]
            except psutil.Error:
                continue
            if process.pid not in {server, os.getpid()} and any(place.startswith(f"{self.data}{os.sep}") for place in places):
                found.append(process)
        return found


@contextmanager
def running_server(data: Path, *, python: Path | None = None, **settings: str) -> Iterator[Server]:
    """A started server, closed on the way out."""
    server = Server(data, python=python, **settings)
    try:
        server.start()
        yield server
    finally:
        server.close()


class Client:
    """One user's view of the API. Methods answer with the parsed JSON and raise `httpx.HTTPStatusError` where the server refuses."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=60)

    def register(self, email: str = "ada@example.org", password: str = PASSWORD) -> dict[str, Any]:
        return self._signed_in(self._json("POST", "/api/auth/register", json={"email": email, "password": password}))

    def login(self, email: str = "ada@example.org", password: str = PASSWORD) -> dict[str, Any]:
        return self._signed_in(self._json("POST", "/api/auth/login", json={"email": email, "password": password}))

    def upload(self, content: bytes, filename: str) -> dict[str, Any]:
        return self._json("POST", "/api/documents", files={"file": (filename, content)})

    def take_sample(self, sample: str) -> dict[str, Any]:
        return self._json("POST", f"/api/samples/{sample}")

    def create_job(self, *, key: str | None = None, **request: Any) -> dict[str, Any]:
        return self._json("POST", "/api/jobs", json=request, headers={"Idempotency-Key": key} if key else {})

    def job(self, job_id: str) -> dict[str, Any]:
        return self.get(f"/api/jobs/{job_id}")

    def wait_for(self, job_id: str, *states: str, timeout_s: float) -> dict[str, Any]:
        """The job as soon as it is in one of `states`; fails at once when it ends in another."""
        deadline = time.monotonic() + timeout_s
        while True:
            job = self.job(job_id)
            if job["state"] in states:
                return job
            if job["state"] in {"succeeded", "failed", "cancelled"}:
                raise AssertionError(f"the job ended as {job['state']}: {job['error']}\n{self.log_of(job_id)}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"the job is still {job['state']} after {timeout_s:.0f} s: {job['progress']}\n{self.log_of(job_id)}")
            time.sleep(0.2)

    def wait_for_step(self, job_id: str, step: int, *, timeout_s: float) -> dict[str, Any]:
        """The running job, once it has done `step` optimizer steps."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            job = self.wait_for(job_id, "running", timeout_s=timeout_s)
            if job["progress"] and job["progress"]["step"] >= step:
                return job
            time.sleep(0.1)
        raise TimeoutError(f"the job did not reach step {step} within {timeout_s:.0f} s\n{self.log_of(job_id)}")

    def log_of(self, job_id: str) -> str:
        page = self.get(f"/api/jobs/{job_id}/logs")
        return "\n".join(line["text"] for line in page["lines"])

    def get(self, path: str) -> dict[str, Any]:
        return self._json("GET", path)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        return self._json("POST", path, json=body)

    def _signed_in(self, session: dict[str, Any]) -> dict[str, Any]:
        self.http.headers["authorization"] = f"Bearer {session['access_token']}"
        return session

    def _json(self, method: str, path: str, **words: Any) -> dict[str, Any]:
        response = self.http.request(method, path, **words)
        if response.is_error:
            raise httpx.HTTPStatusError(
                f"{method} {path}: {response.status_code} {response.text}", request=response.request, response=response
            )
        answer: dict[str, Any] = response.json()
        return answer


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
