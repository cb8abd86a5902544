"""A tuned model as one ZIP, streamed: nothing is compressed (weights do not shrink), so its size is known before its first byte."""

from pathlib import PurePosixPath

from zipstream import ZIP_STORED, ZipStream

from server.domain.models.tuned import StoredModel, TunedModels
from shared.job_spec import MODEL_FOLDER


def archive_of(model: StoredModel, models: TunedModels) -> ZipStream:
    """Files of `model/` at the top, where `from_pretrained` looks; others (`adapter/`) in their folders."""
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    for file in model.files:
        path = PurePosixPath(file.path)
        name = path.relative_to(MODEL_FOLDER) if path.parts[0] == MODEL_FOLDER else path
        archive.add(models.chunks(model, file), str(name), size=file.size_bytes)
    archive.add(_read_me(model), "README.md")
    return archive


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
