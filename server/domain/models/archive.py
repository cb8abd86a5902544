"""A tuned model as one ZIP, streamed: nothing is compressed (weights do not shrink), so its size is known before its first byte."""

from pathlib import PurePosixPath

from zipstream import ZIP_STORED, ZipStream

from server.domain.models.tuned import StoredModel, TunedModels
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
