"""Ollama's description of a GGUF file beside it (https://docs.ollama.com/modelfile): template, end of an answer, length of the context.

Ollama's templates are another language than Jinja. Two are written here, those of the models that this product makes; with any other
chat template none is given, and Ollama looks whether it knows the one in the file.
"""

from typing import Final

from server.tuning.tokens import TextTokenizer
from shared.gguf_export import GGUF_FILE
from shared.rendering import PLAIN_SOURCE, TemplateProblem, render_prompt

_PLAIN: Final = (
    '{{- range .Messages }}{{ if eq .Role "system" }}{{ .Content }}\n\n'
    '{{ else if eq .Role "user" }}User: {{ .Content }}\n'
    "{{ else }}Assistant: {{ .Content }}EOS\n"
    "{{ end }}{{ end }}Assistant:"
)
_CHATML: Final = (
    "{{- if not .System }}DEFAULT{{ end }}{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}"
    "<|im_start|>assistant\n"
)
_ASKED: Final = "What?"
_TURN: Final = f"<|im_start|>user\n{_ASKED}<|im_end|>\n<|im_start|>assistant\n"


def modelfile(tokenizer: TextTokenizer, *, context_length: int, file: str = GGUF_FILE) -> str:
    lines = [f"FROM ./{file}", f"PARAMETER num_ctx {context_length}"]
    template = _template(tokenizer)
    if template is not None:
        lines.append(f'TEMPLATE """{template}"""')
    if tokenizer.template_source is not None:
        lines.append(f'PARAMETER stop "{tokenizer.eos}"')
    return "\n".join(lines) + "\n"


def _template(tokenizer: TextTokenizer) -> str | None:
    if tokenizer.template_source is None:
        return "{{ .Prompt }}"
    if tokenizer.template_source == PLAIN_SOURCE:
        return _PLAIN.replace("EOS", tokenizer.eos)
    try:
        asked = render_prompt([{"role": "user", "content": _ASKED}], tokenizer.template)
    except TemplateProblem:
        return None
    return _CHATML.replace("DEFAULT", asked.removesuffix(_TURN)) if asked.endswith(_TURN) else None
