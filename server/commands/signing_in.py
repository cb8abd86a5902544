"""`login`: an address, and a key that was made for this machine."""

import argparse
import getpass
import platform
import sys

from server.commands.connection import USUAL_ADDRESS, Connection, Trouble, keep


def login(arguments: argparse.Namespace) -> int:
    address = (arguments.address or USUAL_ADDRESS).rstrip("/")
    if "://" not in address:
        address = f"http://{address}"
    key = sys.stdin.readline().strip() if arguments.key == "-" else arguments.key
    if not key:
        key = _new_key(address, arguments.email)
    with Connection(address, key) as connection:
        user = connection.get("/api/auth/me")
    file = keep(address, key)
    print(f"Signed in to {address} as {user['email']}. The key is kept in {file}.")
    return 0


def _new_key(address: str, email: str | None) -> str:
    """The password goes to the server once and is kept nowhere."""
    if not sys.stdin.isatty() and email is None:
        raise Trouble("Give --email, or a key with --key: nobody is here to be asked.")
    email = email or input("E-mail address: ")
    with Connection(address, None) as stranger:
        session = stranger.post("/api/auth/login", email=email, password=_password())
    with Connection(address, session["access_token"]) as signed_in:
        made = signed_in.post("/api/keys", name=f"llm-tuner on {platform.node()}"[:100], scopes=["write"])
    return str(made["key"])


def _password() -> str:
    return getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
