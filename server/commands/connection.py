"""The server that the commands speak to: where it is and the key, from the environment or from what `llm-tuner login` kept."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

_TIMEOUT_S: Final = 60.0
USUAL_ADDRESS: Final = "http://127.0.0.1:5000"


class Trouble(Exception):
    """A reason to stop, for the person at the keyboard."""


class Connection:
    """Answers are parsed JSON. Whatever the server refuses, and a server that is not there, is a `Trouble`."""

    def __init__(self, address: str, key: str | None) -> None:
        headers = {"user-agent": "llm-tuner"} | ({"authorization": f"Bearer {key}"} if key else {})
        self.address = address.rstrip("/")
        self._http = httpx.Client(base_url=self.address, headers=headers, timeout=_TIMEOUT_S)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_reasons: object) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self.ask("GET", path, params=query)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        return self.ask("POST", path, json=body)

    def ask(self, method: str, path: str, **words: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, path, **words)
        except httpx.HTTPError as error:
            raise self._not_there(error) from None
        answer: dict[str, Any] = _checked(response).json() if response.content else {}
        return answer

    def send_file(self, path: str, file: Path) -> dict[str, Any]:
        with file.open("rb") as source:
            return self.ask("POST", path, files={"file": (file.name, source)}, timeout=None)

    @contextmanager
    def download(self, path: str) -> Iterator[httpx.Response]:
        try:
            with self._http.stream("GET", path) as response:
                if response.is_error:
                    response.read()
                yield _checked(response)
        except httpx.HTTPError as error:
            raise self._not_there(error) from None

    def _not_there(self, error: httpx.HTTPError) -> Trouble:
        return Trouble(f"{self.address} does not answer ({type(error).__name__}). Is the server running? `llm-tuner` starts one.")


def _checked(response: httpx.Response) -> httpx.Response:
    if not response.is_error:
        return response
    try:
        error = response.json()["error"]
        more = [f"  {one['message']}" for one in error.get("details", [])[:5] if one["message"] not in error["message"]]
        message = "\n".join([error["message"], *more])
    except (ValueError, KeyError, TypeError):
        message = f"The server answered {response.status_code}. Is this the address of an LLM Tuner?"
    if response.status_code == 401:
        message += " `llm-tuner login` makes a new key."
    raise Trouble(message)


def connected() -> Connection:
    """By the environment first, then by the last login."""
    kept = _kept()
    address = os.environ.get("LLM_TUNER_ADDRESS") or kept.get("address") or USUAL_ADDRESS
    key = os.environ.get("LLM_TUNER_API_KEY") or (kept.get("key") if address == kept.get("address") else None)
    if not key:
        raise Trouble("Sign in first: llm-tuner login")
    return Connection(address, key)


def keep(address: str, key: str) -> Path:
    """For its owner's eyes alone."""
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.unlink(missing_ok=True)
    with open(file, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as new:
        json.dump({"address": address, "key": key}, new)
    return file


def _kept() -> dict[str, str]:
    try:
        found = json.loads(_file().read_text())
        return {name: str(value) for name, value in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _file() -> Path:
    folder = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    return (folder if folder.is_absolute() else Path.home() / ".config") / "llm-tuner" / "login.json"
