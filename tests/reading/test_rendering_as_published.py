"""Our rendering against that of transformers, to the byte: a tuned model is used with theirs."""

import pytest
from transformers.utils.chat_template_utils import render_jinja_template

from shared.reading import Message
from shared.rendering import PLAIN_SOURCE, ChatTemplate, render

SOURCES = {
    "plain": PLAIN_SOURCE,
    "chatml": (
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
        "{{ '<|im_start|>system\nYou are kind<|im_end|>\n' }}{% endif %}"
        "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
    "indented blocks": (
        "{%- if messages[0].role == 'system' %}\n    {%- set rest = messages[1:] %}\n    {{- bos_token + messages[0].content }}\n"
        "{%- else %}\n    {%- set rest = messages %}\n{%- endif %}\n"
        "{% for message in rest %}\n    {% if message.role == 'user' %}\n  [INST] {{ message.content | trim }} [/INST]\n"
        "    {% else %}\n  {{ message.content }}{{ eos_token }}\n    {% endif %}\n{% endfor %}\n"
    ),
    "json and control": (
        "{% for message in messages %}{% if loop.index > 3 %}{% break %}{% endif %}"
        "{{ message | tojson }}{{ [1, 'ü<'] | tojson(indent=2) }}{% endfor %}"
    ),
}
CONVERSATIONS: list[list[Message]] = [
    [{"role": "user", "content": "Hi"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": " Hi \n"}, {"role": "assistant", "content": "Hello"}],
    [{"role": "user", "content": "{{ 7 * 7 }} <b>&amp;</b>"}, {"role": "assistant", "content": "ünïcödé 🎈"}] * 3,
]


@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize("messages", CONVERSATIONS, ids=["question", "system", "long"])
@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_the_same_text_comes_out(source: str, messages: list[Message], asks: bool) -> None:
    theirs, _ = render_jinja_template([messages], chat_template=source, add_generation_prompt=asks, bos_token="<s>", eos_token="</s>")
    assert render(messages, ChatTemplate(source, bos="<s>", eos="</s>"), asks) == theirs[0]
