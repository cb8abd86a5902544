"""The API keys that `login` keeps: one for each server's address, in a file that only its owner can read.

A key goes to the server that it was made for and to no other, whatever `--base-url` says.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from server.command_line.outcome import NOT_SIGNED_IN, Trouble

URL_VARIABLE = "LLM_TUNER_URL"
KEY_VARIABLE = "LLM_TUNER_API_KEY"
DEFAULT_URL = "http://127.0.0.1:5000"


def keys_file() -> Path:
    folder = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA") or str(Path.home() / ".config")
    return Path(folder) / "llm-tuner" / "keys.json"


def url_of(given: str | None) -> str:
    """The flag, the environment, the server of the last `login`, or this machine's."""
    return (given or os.environ.get(URL_VARIABLE) or _kept().get("url") or DEFAULT_URL).rstrip("/")


def key_for(url: str) -> str:
    """Raises `Trouble` when there is none."""
    if key := os.environ.get(KEY_VARIABLE):
        return key
    key = _kept()["keys"].get(url)
    if key is None:
        raise Trouble(f"There is no key for {url}. Sign in with `llm-tuner login --base-url {url}`, or set {KEY_VARIABLE}.", NOT_SIGNED_IN)
    return str(key)


def keep(url: str, key: str) -> Path:
    """Remembers the key, and the address as the one that is meant when none is named. The file is never readable by others, not even
    while it is written."""
    file, kept = keys_file(), _kept()
    content = {"url": url, "keys": {**kept["keys"], url: key}}
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=file.parent)  # 0600
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(content, out, indent=1)
        Path(fresh).replace(file)
    except OSError as error:
        raise Trouble(f"The key cannot be kept in {file}: {error.strerror}. Set {KEY_VARIABLE} instead.") from None
    return file


def _kept() -> dict[str, Any]:
    file = keys_file()
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {"url": str(found["url"]), "keys": dict(found["keys"])}
    except FileNotFoundError:
        return {"keys": {}}
    except (OSError, ValueError, KeyError, TypeError):
        raise Trouble(f"{file} cannot be read. Remove it and sign in again.", NOT_SIGNED_IN) from None
