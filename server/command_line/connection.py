"""One server's API over HTTP: answers as parsed JSON, refusals and silence as `Trouble` in the server's own words."""

import json
import time
from pathlib import Path
from typing import Any, Self

import httpx

from server.command_line.outcome import NOT_SIGNED_IN, REFUSED, UNREACHABLE, Trouble

_ATTEMPTS = 3
_PAUSE_S = 1.0
_MOST_DETAILS = 10


class Connection:
    def __init__(self, url: str, key: str | None) -> None:
        self.url = url
        headers = {"authorization": f"Bearer {key}"} if key else {}
        try:
            # A key is for this server: whoever it sends us to does not get it.
            self._http = httpx.Client(base_url=url, headers=headers, timeout=httpx.Timeout(60, connect=10), follow_redirects=False)
        except (httpx.InvalidURL, ValueError):
            raise Trouble(f"{url} is no address of a server. It looks like http://127.0.0.1:5000.") from None

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Asked again where the connection was lost: reading twice does no harm."""
        return self._read(self._again("GET", path, params={name: value for name, value in query.items() if value is not None}))

    def post(self, path: str, body: dict[str, Any] | None = None, *, idempotency_key: str | None = None) -> dict[str, Any]:
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        send = self._again if idempotency_key else self._send
        return self._read(send("POST", path, json=body or {}, headers=headers))

    def all(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every page of a list."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.get(path, limit=100, after=found[-1]["id"] if found else None, **query)
            found += page["data"]
            if not page["has_more"]:
                return found

    def upload(self, file: Path) -> dict[str, Any]:
        """The file is streamed; how long the server looks through it is up to its size."""
        try:
            with file.open("rb") as stream:
                files = {"file": (file.name, stream)}
                return self._read(self._send("POST", "/api/documents", files=files, timeout=httpx.Timeout(None, connect=10)))
        except OSError as error:
            raise Trouble(f"{file} cannot be read: {error.strerror}.") from None

    def download(self, path: str, into: Path) -> None:
        """Raises `Trouble` when less came than was announced."""
        try:
            with self._http.stream("GET", path) as answer, into.open("wb") as out:
                if answer.is_error:
                    answer.read()
                    self._read(answer)
                for piece in answer.iter_bytes(1 << 20):
                    out.write(piece)
                wanted = int(answer.headers.get("content-length", out.tell()))
                if out.tell() != wanted:
                    raise Trouble(f"The download broke off after {out.tell():,} of {wanted:,} bytes. Try again.", UNREACHABLE)
        except httpx.HTTPError as error:
            raise self._silent(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def _again(self, method: str, path: str, **words: Any) -> httpx.Response:
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._send(method, path, **words)
            except Trouble:
                time.sleep(_PAUSE_S)
        return self._send(method, path, **words)

    def _send(self, method: str, path: str, **words: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **words)
        except httpx.HTTPError as error:
            raise self._silent(error) from None

    def _silent(self, error: httpx.HTTPError) -> Trouble:
        if isinstance(error, httpx.TimeoutException):
            return Trouble(f"{self.url} does not answer in time.", UNREACHABLE)
        if isinstance(error, httpx.UnsupportedProtocol):
            return Trouble(f"{self.url} is no address of a server. It looks like http://127.0.0.1:5000.", UNREACHABLE)
        return Trouble(f"{self.url} cannot be reached. Is the server running (`llm-tuner serve`), and is the address right?", UNREACHABLE)

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            body = answer.json()
        except (json.JSONDecodeError, UnicodeDecodeError):
            body = None
        if answer.is_success and isinstance(body, dict):
            return body
        error = body.get("error") if isinstance(body, dict) else None
        if not isinstance(error, dict) or "message" not in error:
            raise Trouble(f"{self.url} answers ({answer.status_code}), but it is no LLM Tuner.", UNREACHABLE)
        raise Trouble(_words(error), NOT_SIGNED_IN if answer.status_code in {401, 403} else REFUSED)


def _words(error: dict[str, Any]) -> str:
    lines = [str(error["message"])]
    details = [detail for detail in error.get("details") or [] if detail.get("message") and detail["message"] not in lines[0]]
    for detail in details[:_MOST_DETAILS]:
        lines.append(f"  {detail['message']} {detail.get('fix') or ''}".rstrip())
    if len(details) > _MOST_DETAILS:
        lines.append(f"  and {len(details) - _MOST_DETAILS} more")
    return "\n".join(lines)
