"""A tuned model as one ZIP, streamed: nothing is compressed (weights do not shrink), so its size is known before its first byte."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from zipstream import ZIP_STORED, ZipStream

from server.domain.models.exports import StoredExport
from server.domain.models.tuned import StoredModel, TunedModels
from shared.gguf_export import GGUF_FILE, MODELFILE, REPORT_FILE
from shared.job_spec import MODEL_FOLDER

SUMS_FILE = "SHA256SUMS"
"""What `sha256sum -c` reads: the sums of the files as the trainer wrote them."""


def archive_of(model: StoredModel, models: TunedModels) -> ZipStream:
    """Files of `model/` at the top, where `from_pretrained` looks; others (`adapter/`) in their folders."""
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    for file in model.files:
        archive.add(models.chunks(model, file), _name(file.path), size=file.size_bytes)
    archive.add(_read_me(model), "README.md")
    archive.add("".join(f"{file.sha256}  {_name(file.path)}\n" for file in model.files), SUMS_FILE)
    return archive


def part_of(model: StoredModel, models: TunedModels, folder: str) -> ZipStream:
    """The merged model alone, at the top, or the adapter alone, in its folder."""
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    for file in model.files:
        if PurePosixPath(file.path).parts[0] == folder:
            archive.add(models.chunks(model, file), _name(file.path), size=file.size_bytes)
    return archive


def gguf_archive(export: StoredExport, chunks: Iterator[bytes]) -> ZipStream:
    """The file, Ollama's description of it, and how it was checked."""
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    archive.add(chunks, GGUF_FILE, size=export.size_bytes)
    archive.add(export.modelfile, MODELFILE)
    archive.add("" if export.report is None else export.report.model_dump_json(indent=2), REPORT_FILE)
    archive.add(_GGUF_READ_ME.format(model=export.model_id, precision=export.precision), "README.md")
    return archive


_GGUF_READ_ME: Final = """\
# {model}, {precision}

Run it with Ollama, in the folder where you unpacked this:

    ollama create my-model -f Modelfile
    ollama run my-model

or with llama.cpp:

    llama-server --model model.gguf

`report.json` says how llama.cpp, which ran this file before it was given out, compares with the trainer.
"""


def _name(path: str) -> str:
    inside = PurePosixPath(path)
    return str(inside.relative_to(MODEL_FOLDER) if inside.parts[0] == MODEL_FOLDER else inside)


def _read_me(model: StoredModel) -> str:
    before, after = model.validation_loss_before, model.validation_loss
    loss = "" if before is None or after is None else f"Validation loss: {before:.4f} before, {after:.4f} after.\n\n"
    return (
        f"# {model.id}\n\n{model.name}: {model.base_model}, tuned with {model.method} on {model.num_training_tokens:,} tokens.\n\n{loss}"
        "Run it:\n\n"
        "    from transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
        '    folder = "."  # where you unpacked this\n'
        "    tokenizer = AutoTokenizer.from_pretrained(folder)\n"
        "    model = AutoModelForCausalLM.from_pretrained(folder)\n"
        f"    {_prompt_lines(model)}\n"
        "    print(tokenizer.decode(model.generate(**inputs, max_new_tokens=64, do_sample=False)[0]))\n"
    )


def _prompt_lines(model: StoredModel) -> str:
    if model.chat:
        return (
            'inputs = tokenizer.apply_chat_template([{"role": "user", "content": "Hello"}],\n'
            '        add_generation_prompt=True, return_tensors="pt", return_dict=True)'
        )
    return 'inputs = tokenizer("Hello", return_tensors="pt")'
