"""`login`: an address, and an API key that is kept; made with e-mail and password, or made in the page and given as it is."""

import argparse
import getpass
import ipaddress
import socket
import sys
from typing import Any
from urllib.parse import urlsplit

from server.command_line import keys
from server.command_line.connection import Connection
from server.command_line.outcome import NOT_SIGNED_IN, USAGE, Trouble
from server.command_line.terminal import Terminal

_DAYS = 90


def login(words: argparse.Namespace, terminal: Terminal) -> int:
    url = keys.url_of(words.base_url)
    if urlsplit(url).scheme == "http" and not _is_this_machine(urlsplit(url).hostname or ""):
        terminal.say(f"{url} is not encrypted: whoever listens on the way can read what you send.")
    key, who = _given(words, url) if words.api_key else _made(words, url)
    file = keys.keep(url, key)
    said = f"Signed in to {url} as {who['email']}. The key is in {file}."
    terminal.result({"url": url, "email": who["email"], "key_hint": key[-4:], "file": str(file)}, said)
    return 0


def _given(words: argparse.Namespace, url: str) -> tuple[str, dict[str, Any]]:
    key = _secret("API key: ") if words.api_key == "-" else words.api_key
    with Connection(url, key) as connection:
        connection.get("/api/tuned-models", limit=1)
    return key, {"email": "the owner of this key"}


def _made(words: argparse.Namespace, url: str) -> tuple[str, dict[str, Any]]:
    email = words.email or _asked("E-mail: ")
    password = _secret("Password: ")
    with Connection(url, None) as public:
        session = public.post("/api/auth/login", {"email": email, "password": password})
    name = f"llm-tuner on {socket.gethostname()}"[:200]
    with Connection(url, session["access_token"]) as signed_in:
        made = signed_in.post("/api/keys", {"name": name, "scopes": ["write"], "expires_in_days": _DAYS})
    return made["key"], session["user"]


def _asked(question: str) -> str:
    if not sys.stdin.isatty():
        raise Trouble("Say who signs in with --email; the password is read from standard input.", USAGE)
    return input(question).strip()


def _secret(question: str) -> str:
    """Typed without an echo, or a line of standard input: never a word of the command line, which others can see."""
    found = getpass.getpass(question) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not found:
        raise Trouble("Nothing was given to sign in with.", NOT_SIGNED_IN)
    return found


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
