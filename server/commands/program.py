"""`llm-tuner`: which command is meant, its arguments, and how it ends: 0 well, 1 refused or failed, 2 a wrong word, 130 by Ctrl-C."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

COMMANDS: Final = ("login", "upload", "train", "logs", "test", "pull", "serve")


def main(words: list[str] | None = None) -> int:
    words = sys.argv[1:] if words is None else words
    if words and words[0] in {*COMMANDS, "help"} and words[0] != "serve":
        return _command(["--help"] if words[0] == "help" else words)
    # Loaded late and alone: what runs the server needs nothing of what speaks to one, and the other way round.
    from server.__main__ import main as serve

    return serve(words[1:] if words[:1] == ["serve"] else words)


def _command(words: list[str]) -> int:
    from server.commands.connection import Trouble

    arguments = _parser().parse_args(words)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except Trouble as trouble:
        sys.stdout.flush()
        print(trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:  # Whoever reads has read enough: `llm-tuner logs JOB | head`.
        sys.stderr.close()
        return 1


def _parser() -> argparse.ArgumentParser:
    from server.commands import signing_in, training, using

    parser = argparse.ArgumentParser(
        prog="llm-tuner",
        description="Tune small language models on your own documents.",
        epilog="Without a command it runs the server, as serve does. LLM_TUNER_ADDRESS and LLM_TUNER_API_KEY count before a login.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    login = commands.add_parser("login", help="keep an address and a key for the other commands")
    login.add_argument("address", nargs="?", help="where the server is; this machine when left out")
    login.add_argument("--email", help="sign in with this address and a password, and make a key")
    login.add_argument("--key", metavar="KEY", help="use this key; - reads it from standard input")
    login.set_defaults(run=signing_in.login)

    upload = commands.add_parser("upload", help="store files; prints their ids")
    upload.add_argument("files", nargs="+", type=Path, metavar="FILE")
    upload.set_defaults(run=training.upload)

    train = commands.add_parser("train", help="start a job on files or documents; prints its id")
    train.add_argument("data", nargs="+", metavar="FILE_OR_DOCUMENT")
    train.add_argument("--base", default="smollm2-135m-instruct", help="base model or tuned model to start from")
    train.add_argument("--method", choices=("auto", "lora", "full", "scratch"), default="auto")
    train.add_argument("--name", help="what the job, and then its model, is called")
    train.add_argument("--set", dest="settings", action="append", default=[], metavar="NAME=VALUE", help="a hyper-parameter, as epochs=2")
    train.add_argument("--short", action="store_true", help="start it also when it has too few steps to learn much")
    train.add_argument("--wait", action="store_true", help="show its progress; ends with it")
    train.set_defaults(run=training.train)

    logs = commands.add_parser("logs", help="what a job says")
    logs.add_argument("job")
    logs.add_argument("-f", "--follow", action="store_true", help="go on until it has ended")
    logs.set_defaults(run=training.logs)

    test = commands.add_parser("test", help="hold a tuned model against its base on a test set")
    test.add_argument("model")
    test.add_argument("test_set", metavar="FILE_OR_TEST_SET", help="a test set's id, or a file with questions and expected answers")
    test.set_defaults(run=using.test)

    pull = commands.add_parser("pull", help="download a tuned model as a ZIP that transformers loads")
    pull.add_argument("model")
    pull.add_argument("--to", type=Path, metavar="FILE", help="where to; named after the model when left out")
    pull.set_defaults(run=using.pull)

    commands.add_parser("serve", help="run the server", add_help=False)
    return parser


if __name__ == "__main__":
    sys.exit(main())
