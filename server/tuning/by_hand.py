"""The trainer's flags for use by hand: they become the same `spec.json` that the server writes, with "auto" resolved the same way."""

import argparse
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from server.tuning.device import usable
from server.tuning.files import sha256_of
from shared.auto_settings import BaseFacts, DataFacts, resolve, resolve_method, resolve_objective, settings_of
from shared.base_models import CATALOGUE, LOCAL_PREFIX
from shared.job_spec import SPEC_FILE, DataFile, JobSpec
from shared.reading import inspect
from shared.wire import Hyperparameters

_ROOT = Path(__file__).resolve().parents[2]


class UsageError(Exception):
    """The flags do not make a run. The text says what to change."""


def spec_from_flags(arguments: Sequence[str]) -> Path:
    """Write `spec.json` into the folder that `--out` names and return it. Raises `UsageError`."""
    flags = _parser().parse_args(arguments)
    out: Path = flags.out.resolve()
    if (out / SPEC_FILE).exists():
        raise UsageError(f"{out} already holds a run. Give --out another folder.")
    data, facts, pairs_only = _data(flags.data)
    base = _base_facts(flags.base_model, flags.models_folder)
    try:
        asked = Hyperparameters.model_validate({name: getattr(flags, name) for name in Hyperparameters.model_fields})
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg']}") from error
    method = resolve_method(flags.method, base)
    objective = resolve_objective(flags.objective, pairs_only=pairs_only, base=base)
    accelerators = [kind for kind in usable() if kind != "cpu"]
    spec = JobSpec(
        job_id="by-hand",
        run_id=f"run-{uuid.uuid4().hex[:12]}",
        base_model=flags.base_model,
        method=method,
        objective=objective,
        data=data,
        settings=settings_of(resolve(asked, method=method, base=base, data=facts, accelerators=accelerators, objective=objective)),
        sample_prompts=flags.sample_prompt,
        base_models_folder=flags.base_models_folder.resolve(),
        models_folder=flags.models_folder.resolve() if flags.models_folder else None,
        threads=flags.threads,
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / SPEC_FILE).write_text(spec.model_dump_json(indent=2), encoding="utf-8")
    return out / SPEC_FILE


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}\n{self.format_usage()}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("gpt2_tuning.py", description=f"Tune a language model on documents. Base models: {', '.join(CATALOGUE)}.")
    parser.add_argument("--spec", type=Path, help="run this spec.json; no other flag goes with it")
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="FILE", help="may be given more than once")
    parser.add_argument("--base-model", required=True, metavar="ID")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the run's folder, made when it is not there")
    parser.add_argument("--method", choices=["auto", "lora", "full", "scratch"], default="auto")
    parser.add_argument("--objective", choices=["auto", "supervised", "preference"], default="auto")
    parser.add_argument("--base-models-folder", type=Path, default=_ROOT / "data" / "base-models", metavar="DIR")
    parser.add_argument("--models-folder", type=Path, metavar="DIR", help=f"models of your own, used as {LOCAL_PREFIX}<folder name>")
    parser.add_argument("--threads", type=int, help="default: one for each physical core")
    parser.add_argument("--sample-prompt", action="append", default=[], metavar="TEXT", help="may be given up to three times")
    for name in Hyperparameters.model_fields:
        parser.add_argument(f"--{name.replace('_', '-')}", type=_value, default="auto", metavar="auto|VALUE")
    return parser


def _value(text: str) -> Any:
    """A number where it is one, else the word."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _data(paths: list[Path]) -> tuple[list[DataFile], DataFacts, bool]:
    """The files, what they hold, and whether that is preference pairs alone."""
    shapes: set[str] = set()
    files, num_examples, num_characters = [], 0, 0
    for path in paths:
        try:
            with path.open("rb") as stream:
                found = inspect(stream, filename=path.name, num_preview=0)
        except OSError as error:
            raise UsageError(f"{path} cannot be opened: {error.strerror}") from error
        if not found.accepted:
            problem = found.problems[0]
            raise UsageError(f"{path}{f', line {problem.line}' if problem.line else ''}: {problem.message}")
        assert found.format is not None
        files.append(
            DataFile(path=path.resolve(), name=path.name, format=found.format, charset=found.charset or "utf-8", sha256=sha256_of(path))
        )
        shapes |= set(found.shapes)
        num_examples, num_characters = num_examples + found.num_examples, num_characters + found.num_characters
    return files, DataFacts(num_examples, num_characters), shapes == {"preference"}


def _base_facts(base_model: str, models_folder: Path | None) -> BaseFacts:
    if (entry := CATALOGUE.get(base_model)) is not None:
        return BaseFacts(entry.num_parameters, entry.context_length, entry.from_scratch, entry.chat)
    if not base_model.startswith(LOCAL_PREFIX) or models_folder is None:
        raise UsageError(f"unknown base model {base_model!r}; known ones: {', '.join(CATALOGUE)}")
    return _facts_of_folder(models_folder / base_model.removeprefix(LOCAL_PREFIX))


def _facts_of_folder(folder: Path) -> BaseFacts:
    from server.tuning.model_folder import DamagedModel, read_config, weight_files
    from server.tuning.model_shape import shape_of
    from server.tuning.tokens import load_tokenizer

    try:
        shape = shape_of(read_config(folder))
        size = sum(file.stat().st_size for file in weight_files(folder))
        chat = load_tokenizer(folder).template_source is not None
    except DamagedModel as error:
        raise UsageError(f"the model {folder.name!r} cannot be used: {error}") from error
    return BaseFacts(size // 4, shape.context_length, from_scratch=False, chat=chat)
