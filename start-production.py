#!/usr/bin/env python3
"""Sets up whatever is missing and runs LLM Tuner: the one command to start with. Standard library only.

The work is in `scripts/prepare.py`; this file stays readable for old Pythons, so that they can be told that they are too old.
"""

import argparse
import os
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
OLDEST_PYTHON = (3, 11)


def main():  # type: () -> None
    if sys.version_info < OLDEST_PYTHON:
        found = f"{sys.version_info[0]}.{sys.version_info[1]}"
        fail(f"LLM Tuner needs Python 3.11 or newer, and this is Python {found}. Start it with a newer one: python3.11 start-production.py")
    arguments = parse(sys.argv[1:])
    pin_data_folder(arguments)
    os.chdir(ROOT)

    sys.path.insert(0, ROOT)
    from scripts import prepare

    try:
        python = prepare.ensure_environment()
        if not arguments.check:
            prepare.ensure_page()
    except prepare.Trouble as trouble:
        fail(str(trouble))
    except KeyboardInterrupt:
        fail("Stopped. Starting again goes on where this left off.")
    os.execv(str(python), [str(python), "-m", "server"] + passed_on(arguments))


def parse(words):  # type: (list[str]) -> argparse.Namespace
    parser = argparse.ArgumentParser(
        description="Set up what is missing and run LLM Tuner.", epilog="Every setting: README.md, Configuration."
    )
    parser.add_argument("--host", help="address to listen on (LLM_TUNER_HOST; 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (LLM_TUNER_PORT; 5000)")
    parser.add_argument("--data", metavar="FOLDER", help="where everything is kept (LLM_TUNER_HOME; ./data)")
    parser.add_argument("--check", action="store_true", help="print the effective configuration, secrets masked, and stop")
    return parser.parse_args(words)


def pin_data_folder(arguments):  # type: (argparse.Namespace) -> None
    """A relative folder is meant from where the person stands, which is not where the server will."""
    if arguments.data:
        arguments.data = os.path.abspath(os.path.expanduser(arguments.data))
    elif os.environ.get("LLM_TUNER_HOME"):
        os.environ["LLM_TUNER_HOME"] = os.path.abspath(os.path.expanduser(os.environ["LLM_TUNER_HOME"]))


def passed_on(arguments):  # type: (argparse.Namespace) -> list[str]
    words = []  # type: list[str]
    for name in ("host", "port", "data"):
        value = getattr(arguments, name)
        if value is not None:
            words += ["--" + name, str(value)]
    return words + (["--check"] if arguments.check else [])


def fail(message):  # type: (str) -> None
    sys.stdout.flush()
    print(message, file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
