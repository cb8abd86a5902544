"""Exports a model's folder as GGUF and checks the file before anybody gets it; `shared.gguf_export` says what goes in and out.

python -m server.tuning.gguf_export --model FOLDER --precision f16 --name NAME --out FOLDER [--threads N] [--prompts 20]
"""

import argparse
import os
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from server.tuning.files import sha256_of, sync, write_whole
from server.tuning.gguf_file import write_gguf
from server.tuning.gguf_tensors import PRECISIONS
from server.tuning.gguf_vocabulary import NotInGguf
from server.tuning.llama_engine import Engine, EngineRefused, Load
from server.tuning.model_files import DamagedModel, read_config
from server.tuning.model_shape import shape_of
from server.tuning.modelfile import modelfile
from server.tuning.tokens import load_tokenizer
from shared.gguf_export import GGUF_FILE, MODELFILE, REPORT_FILE, GgufReport, Precision

_NICE = 5
_SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "samples"


def export(model: Path, out: Path, *, precision: Precision, name: str, threads: int, num_prompts: int) -> GgufReport:
    """Writes the report in any case, and leaves the file only when it passed."""
    began = time.monotonic()
    file = out / GGUF_FILE
    try:
        write_gguf(model, file, precision=precision, name=name)
        report = _checked(model, file, precision=precision, threads=threads, num_prompts=num_prompts)
        tokenizer, shape = load_tokenizer(model), shape_of(read_config(model))
        (out / MODELFILE).write_text(modelfile(tokenizer, context_length=shape.context_length), encoding="utf-8")
    except NotInGguf as error:
        report = GgufReport(precision=precision, passed=False, reason=f"This model cannot be exported: {error}.")
    except DamagedModel as error:
        report = GgufReport(precision=precision, passed=False, reason=f"The model's files cannot be used: {error}.")
    except EngineRefused as error:
        report = GgufReport(precision=precision, passed=False, reason=f"{error}.")
    facts = {"seconds": round(time.monotonic() - began, 1), "engine": f"xllamacpp {version('xllamacpp')}"}
    if report.passed:
        sync(file)
        facts |= {"size_bytes": file.stat().st_size, "sha256": sha256_of(file)}
    else:
        file.unlink(missing_ok=True)
    report = report.model_copy(update=facts)
    write_whole(out / REPORT_FILE, report.model_dump_json(indent=2))
    return report


def _checked(model: Path, file: Path, *, precision: Precision, threads: int, num_prompts: int) -> GgufReport:
    from server.tuning.gguf_check import LENGTH, SLOTS, check, known, prompts_from, room_for, text_of  # Imports torch.
    from server.tuning.model_folder import end_ids, load_model
    from server.tuning.process import set_up_torch

    set_up_torch(threads)
    trained, tokenizer = load_model(model), load_tokenizer(model)
    ends = end_ids(model) or [tokenizer.eos_id]
    length = min(LENGTH, trained.shape.context_length // 2)
    prompts = prompts_from(text_of(_SAMPLES), tokenizer, count=num_prompts, length=length)
    knowns = [known(trained, tokenizer, prompt, end_ids=ends, length=length) for prompt in prompts]
    del trained
    with tempfile.TemporaryDirectory(prefix="gguf-", dir="/tmp") as folder:  # noqa: S108 - ours alone; a socket's name must be short
        engine = Engine(file, Path(folder) / "llama.sock", Load(SLOTS, room_for(SLOTS), threads, exact=True))
        return check(engine, precision, knowns, tokenizer)


def main(arguments: list[str]) -> int:
    flags = _parser().parse_args(arguments)
    os.nice(_NICE)
    flags.out.mkdir(parents=True, exist_ok=True)
    report = export(
        flags.model,
        flags.out,
        precision=flags.precision,
        name=flags.name,
        threads=flags.threads or os.cpu_count() or 1,
        num_prompts=flags.prompts,
    )
    print(report.model_dump_json(indent=2))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("gguf_export.py", description="Exports a model's folder as GGUF and checks it with llama.cpp.")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--precision", choices=PRECISIONS, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--prompts", type=int, default=20)
    return parser


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # At once: llama.cpp's own threads are not waited for.
