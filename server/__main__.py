"""`python -m server`, or `llm-tuner` where the wheel is installed: one server process over one data folder.

Prints its address as the last line when it really listens.
"""

import argparse
import errno
import os
import shutil
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from server.adapters.server_lock import ServerLocks
from server.errors import LlmTunerError
from server.settings import VERSION, Settings

if TYPE_CHECKING:
    from server.wiring import Services

# The server stops within ten seconds: requests that last are cut off after the first number. Whatever still holds it at the second, a mail
# server that dawdles or a model of gigabytes that is being taken in, goes on after the next start, as it does after a kill.
_GRACE_S = 6
_LAST_S = 9.0
# Longer than the minute that proxies commonly wait, so that it is never us who closes a connection they are about to use.
_KEEP_ALIVE_S = 65
_BACKLOG = 2048


class Trouble(Exception):
    """A reason not to start, for the person at the keyboard."""


def main(words: list[str] | None = None) -> int:
    """The process's exit status."""
    arguments = _arguments(words)
    try:
        settings = _settings(arguments)
        if arguments.check:
            return _check(settings)
        _prepare_folders(settings)
        with _bound(settings) as listener:
            return _serve(settings, listener)
    except Trouble as trouble:
        sys.stdout.flush()
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=_name_of_program(), description="Run LLM Tuner.", epilog="Every setting: README.md, Configuration."
    )
    parser.add_argument("--host", help="address to listen on (LLM_TUNER_HOST)")
    parser.add_argument("--port", help="port to listen on; 0 takes a free one (LLM_TUNER_PORT)")
    parser.add_argument("--data", metavar="FOLDER", dest="home", help="where everything is kept (LLM_TUNER_HOME)")
    parser.add_argument("--check", action="store_true", help="print the effective configuration, secrets masked, and stop")
    return parser.parse_args(words)


def _name_of_program() -> str:
    """As the person called it: through the wheel's script, or as a module."""
    name = Path(sys.argv[0]).name
    return "python -m server" if name == "__main__.py" else name


def _settings(arguments: argparse.Namespace) -> Settings:
    given: dict[str, Any] = {name: value for name in ("host", "port", "home") if (value := getattr(arguments, name)) is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = [": ".join([*(f"LLM_TUNER_{str(part).upper()}" for part in found["loc"]), found["msg"]]) for found in error.errors()]
        raise Trouble("\n".join(["The configuration is not right.", *lines])) from None


def _check(settings: Settings) -> int:
    for name, value in settings.masked().items():
        print(f"LLM_TUNER_{name.upper()} = {'' if value is None else value}")
    standing = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    if not standing.is_dir() or not os.access(standing, os.W_OK | os.X_OK):
        raise Trouble(_not_writable(settings.home))
    print("In order: the configuration holds and the data folder can be written.")
    return 0


def _prepare_folders(settings: Settings) -> None:
    """Makes the data folder for its owner alone, and sends what large uploads spill to disk into it, not into the system's small /tmp."""
    os.umask(0o077)
    try:
        for folder in settings.folders():
            folder.mkdir(parents=True, exist_ok=True)
        if ServerLocks(settings.servers_folder).nobody_lives():
            _empty(settings.temporary_folder)
        tempfile.TemporaryFile(dir=settings.temporary_folder).close()
    except OSError as error:
        raise Trouble(_not_writable(settings.home, error.strerror)) from None
    os.environ["TMPDIR"] = tempfile.tempdir = str(settings.temporary_folder)


def _empty(folder: Path) -> None:
    for left_over in folder.iterdir():
        if left_over.is_dir() and not left_over.is_symlink():
            shutil.rmtree(left_over, ignore_errors=True)
        else:
            left_over.unlink(missing_ok=True)


def _bound(settings: Settings) -> socket.socket:
    """The socket, before anything is opened: a second server by mistake must not touch the first one's runs."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise Trouble(f"{settings.host} is no address of this machine. Choose another with --host.") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise Trouble(_cannot_listen(settings, error)) from None
    return listener


def _serve(settings: Settings, listener: socket.socket) -> int:
    # Imported late: a taken port or a wrong setting is told at once, not after everything has been loaded.
    import uvicorn

    from server.app import create_app
    from server.web import logging

    logging.configure(environment=settings.environment, level=settings.log_level)

    class Announced(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                print(f"LLM Tuner {VERSION} is ready. Open {_address(listener)}", flush=True)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            _end_after(_LAST_S)
            app.state.broadcasts.close()  # An open stream would keep the server for its whole time of grace.
            await super().shutdown(sockets)

    try:
        app = create_app(settings)
    except (ValueError, LlmTunerError) as error:
        raise Trouble(f"The data folder {settings.home} cannot be used: {error}") from None
    except OSError as error:
        raise Trouble(_not_writable(settings.home, error.strerror)) from None
    _print_set_up_link(app.state.services, settings.public_url or _address(listener))
    server = Announced(
        uvicorn.Config(
            app,
            lifespan="on",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            # An address in X-Forwarded-For is a claim; while no setting names a proxy to believe, nobody is believed.
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )
    server.run(sockets=[listener])
    return 0 if server.started else 1


def _end_after(seconds: float) -> None:
    """Ends this process then, unless it has ended by itself."""

    def end() -> None:
        print(f"Not everything came to its end within {seconds:.0f} seconds; it goes on after the next start.", file=sys.stderr, flush=True)
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def _print_set_up_link(services: "Services", url: str) -> None:
    """On the console and not in the log; the last line stays the address."""
    try:
        token = services.accounts.admission.new_set_up_token()
    except LlmTunerError as error:
        # The server runs all the same: every request says this, and works as soon as the records answer.
        print(f"No set-up link can be made now. {error.message}", file=sys.stderr, flush=True)
        return
    if token is not None:
        print(
            f"Nobody administers this installation yet. This link makes an administrator, once and within a day:\n"
            f"{url.rstrip('/')}/setup#token={token}",
            file=sys.stderr,
            flush=True,
        )


def _cannot_listen(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {settings.port} is taken, perhaps by an LLM Tuner that runs already. Choose another with --port."
    return f"Cannot listen on {settings.host}, port {settings.port}: {error.strerror}. Choose others with --host and --port."


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - shown, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _not_writable(folder: Path, reason: str | None = None) -> str:
    return f"The data folder {folder} cannot be written{f' ({reason})' if reason else ''}. Choose another with --data."


if __name__ == "__main__":
    sys.exit(main())
