"""The words of the command line, and how every command ends."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import get_args

from server.command_line import commands, keys, signing_in
from server.command_line.connection import Connection
from server.command_line.outcome import INTERRUPTED, STATUSES, USAGE, Trouble
from server.command_line.terminal import Terminal
from shared.constants import JobState, Method, Objective

_SERVER_FLAGS = ("--host", "--port", "--data", "--check")


def main(arguments: Sequence[str] | None = None) -> int:
    """The process's exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0].partition("=")[0] in _SERVER_FLAGS:
        words.insert(0, "serve")  # As before there were other commands: a container's or a service's file may say so.
    if words[0] == "serve":
        return _serve(words[1:])
    try:
        asked = _parser(trains=words[0] == "train").parse_args(words)
    except SystemExit as end:
        return USAGE if end.code else 0
    terminal = Terminal(as_json=asked.json)
    try:
        return _run(asked, terminal)
    except Trouble as trouble:
        terminal.clear()
        print(trouble, file=sys.stderr)
        return trouble.status
    except KeyboardInterrupt:
        terminal.clear()
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough, like `head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(asked: argparse.Namespace, terminal: Terminal) -> int:
    if asked.command is None:
        return signing_in.login(asked, terminal)
    url = keys.url_of(asked.base_url)
    with Connection(url, keys.key_for(url)) as connection:
        return int(asked.command(asked, connection, terminal))


def _serve(words: list[str]) -> int:
    """Imported here alone: everything else needs a server's address and not the server."""
    from server.__main__ import main as serve

    return serve(words)


def _parser(*, trains: bool) -> argparse.ArgumentParser:
    everywhere = argparse.ArgumentParser(add_help=False)
    everywhere.add_argument("--base-url", metavar="URL", help=f"the server ({keys.URL_VARIABLE}; that of the last login)")
    everywhere.add_argument("--json", action="store_true", help="print the answer as JSON, and nothing else")
    parser = argparse.ArgumentParser(
        "llm-tuner",
        description="Upload, train, test and fetch models from a terminal.",
        epilog=STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parsers = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, does: Callable[..., int] | None, help_: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = parsers.add_parser(
            name, help=help_, description=help_, epilog=STATUSES, parents=[everywhere], formatter_class=argparse.RawDescriptionHelpFormatter
        )
        added.set_defaults(command=does)
        return added

    added = command("login", None, "Sign in and keep an API key for this server in a file that only you can read.")
    added.add_argument("--email", help="without it, it is asked for; the password always is, or it is a line of standard input")
    added.add_argument("--api-key", metavar="KEY", help='a key that was made in the page; "-" reads it from standard input')
    added = command("upload", commands.upload, "Upload files and print their ids.")
    added.add_argument("files", nargs="+", metavar="FILE")
    _train_words(
        command("train", commands.train, "Train a model on files or documents and print the job's id, or with --wait the model's.")
    )
    added = command("logs", commands.logs, "Print what a job says.")
    added.add_argument("job", metavar="JOB")
    added.add_argument("-f", "--follow", action="store_true", help="until it ends")
    added = command("jobs", commands.jobs, "List jobs, the newest first.")
    added.add_argument("--state", choices=get_args(JobState))
    added.add_argument("--limit", type=int, default=20, metavar="NUMBER")
    command("models", commands.models, "List base models and tuned models.")
    command("cancel", commands.cancel, "Cancel a job.").add_argument("job", metavar="JOB")
    added = command("test", commands.test, "Test a tuned model against its base and print the verdict.")
    added.add_argument("model", metavar="MODEL", help="a tuned model (ft:...), or the job that made it")
    added.add_argument(
        "test_file", metavar="TESTFILE", help="questions with expected answers or scores; or a document, or a test set (tst-...)"
    )
    added.add_argument("--need-improvement", action="store_true", help="end with status 7 where the verdict is not IMPROVED")
    added = command("pull", commands.pull_model, "Download and unpack a tuned model; every file is compared with its checksum.")
    added.add_argument("model", metavar="MODEL", help="a tuned model (ft:...), or the job that made it")
    added.add_argument("-o", "--output", metavar="DIR", help="a folder that is not there yet; without it, one named after the model")
    parsers.add_parser("serve", help="Start the server on this machine (`llm-tuner serve --help`).")
    return parser


def _train_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", nargs="+", metavar="FILE_OR_ID", help="files to upload, documents (doc-...), or one dataset (dst-...)")
    parser.add_argument("--model", required=True, metavar="ID", help="what to start from: see `llm-tuner models`")
    parser.add_argument("--name")
    parser.add_argument("--note")
    parser.add_argument("--method", choices=["auto", *get_args(Method)])
    parser.add_argument("--objective", choices=["auto", *get_args(Objective)], help="preference: learn which answer of a pair is preferred")
    parser.add_argument("--validation", metavar="FILE_OR_ID", help="validate on this document instead of on a share of the data")
    parser.add_argument("--test-set", metavar="ID", help="test the model with this as soon as the job has succeeded")
    parser.add_argument("--allow-short-run", action="store_true", help="also where there would be fewer than 10 steps")
    parser.add_argument("--wait", action="store_true", help="until it ends, with its progress")
    settings = parser.add_argument_group("hyper-parameters", "Whatever is left out is chosen for you.")
    for name in commands.hyperparameters():
        settings.add_argument(f"--{name.replace('_', '-')}", type=_value, metavar="VALUE")


def _value(text: str) -> int | float | str:
    """A number where it is one, else the word."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
