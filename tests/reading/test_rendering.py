"""What a model sees: chat templates, and which part of an example is learned."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.reading import Example, Message
from shared.rendering import PLAIN_SOURCE, PLAIN_TEMPLATE, ChatTemplate, Segment, TemplateProblem, render, render_prompt, segments_of

PLAIN = ChatTemplate(PLAIN_SOURCE, bos="<s>", eos="</s>")
CHATML = ChatTemplate(
    "{% for message in messages %}\n"
    "    {% if loop.first and messages[0]['role'] != 'system' %}\n"
    "{{ '<|im_start|>system\nBe brief.<|im_end|>\n' }}{% endif %}\n"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}\n"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    eos="<|im_end|>",
)
UNSTEADY = ChatTemplate(
    "{% for m in messages %}[{{ m.role }}{% if loop.last %}, last{% endif %}] {{ m.content | trim }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant, next] {% endif %}"
)
"""Says of the last message that it is the last, so that no beginning is rendered as it is inside the whole."""

QUESTION: Message = {"role": "user", "content": "Hi"}
ANSWER: Message = {"role": "assistant", "content": "Hello"}


def test_the_plain_template() -> None:
    messages: list[Message] = [{"role": "system", "content": "Be kind."}, QUESTION, ANSWER, QUESTION]
    assert render(messages, PLAIN) == "Be kind.\n\nUser: Hi\nAssistant: Hello</s>\nUser: Hi\n"
    assert render_prompt(messages, PLAIN) == "Be kind.\n\nUser: Hi\nAssistant: Hello</s>\nUser: Hi\nAssistant:"
    assert render([QUESTION, ANSWER], PLAIN_TEMPLATE) == "User: Hi\nAssistant: Hello\n"


def test_a_text_is_learned_whole_and_ends() -> None:
    assert segments_of({"text": "A tale."}, PLAIN) == [Segment("A tale.</s>", True)]


def test_of_a_pair_the_completion_is_learned() -> None:
    assert segments_of({"prompt": "Hi", "completion": "Hello"}, PLAIN) == [
        Segment("User: Hi\nAssistant:", False),
        Segment(" Hello</s>\n", True),
    ]


def test_of_messages_every_reply_is_learned_but_those_of_weight_0() -> None:
    messages: list[Message] = [QUESTION, {**ANSWER, "weight": 0}, QUESTION, {**ANSWER, "weight": 1}]
    assert segments_of({"messages": messages}, PLAIN) == [
        Segment("User: Hi\nAssistant: Hello</s>\nUser: Hi\nAssistant:", False),
        Segment(" Hello</s>\n", True),
    ]
    assert segments_of({"messages": [QUESTION, ANSWER, QUESTION, ANSWER]}, CHATML) == [
        Segment("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", False),
        Segment("Hello<|im_end|>\n", True),
        Segment("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", False),
        Segment("Hello<|im_end|>\n", True),
    ]


def test_two_replies_in_a_row_are_one_segment_where_nothing_stands_between() -> None:
    bare = ChatTemplate("{% for m in messages %}{{ m.content }};{% endfor %}")
    assert segments_of({"messages": [QUESTION, ANSWER, ANSWER]}, bare) == [Segment("Hi;", False), Segment("Hello;Hello;", True)]


def test_a_template_that_changes_its_beginning_falls_back_to_what_is_common() -> None:
    assert segments_of({"messages": [QUESTION, ANSWER]}, UNSTEADY) == [
        Segment("[user", False),
        Segment("] Hi\n[assistant, last] Hello\n", True),
    ]


contents = st.text(max_size=30) | st.sampled_from(["{{ 1 }}", "{% if %}", " padded ", "<|im_end|>", "Assistant:", "\n\n"])
messages_of = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant"]), "content": contents}, optional={"weight": st.sampled_from([0, 1])}
    ),
    min_size=1,
    max_size=6,
)


@given(messages_of, st.sampled_from([PLAIN, CHATML, UNSTEADY]))
def test_segments_are_the_rendering_cut_into_pieces(messages: list[Message], template: ChatTemplate) -> None:
    segments = segments_of({"messages": messages}, template)
    assert "".join(segment.text for segment in segments) == render(messages, template)
    assert all(segment.text for segment in segments)
    assert all(first.trains != second.trains for first, second in zip(segments, segments[1:], strict=False))


@given(contents, contents)
def test_what_is_learned_of_a_pair_is_the_completion_to_the_letter(prompt: str, completion: str) -> None:
    example: Example = {"prompt": prompt, "completion": completion}
    assert segments_of(example, PLAIN)[-1] == Segment(f" {completion}</s>\n", True)
    assert segments_of(example, CHATML)[-1] == Segment(f"{completion}<|im_end|>\n", True)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ raise_exception('Roles must alternate.') }}", "Roles must alternate."),
        ("{% for %}", "Expected"),
        ("{{ messages[0].nothing.at_all }}", "has no attribute"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "unsafe"),
        ("{{ messages.append(1) }}", "unsafe"),
        ("{% include '/etc/passwd' %}", "no loader"),
        ("{% for x in range(10**9) %}{% endfor %}", "too big"),
    ],
)
def test_a_template_that_fails_or_reaches_out_is_a_problem_and_no_crash(source: str, reason: str) -> None:
    with pytest.raises(TemplateProblem, match=reason) as caught:
        render([QUESTION], ChatTemplate(source))
    assert str(caught.value).startswith("The base model's chat template cannot render this conversation: ")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% for m in messages %}{% if m.role == 'assistant' %}{% break %}{% endif %}{{ m.content }}{% endfor %}", "Hi"),
        ("{{ {'a': '<é>'} | tojson }}", '{"a": "<é>"}'),
        ("{{ strftime_now('%Y')[:2] }}", "20"),
        ("{{ bos_token }}{{ eos_token }}", "<s></s>"),
        ("  {% if true %}\nx\n  {% endif %}\n", "x\n"),
    ],
)
def test_what_published_templates_expect_is_there(source: str, text: str) -> None:
    assert render([QUESTION, ANSWER], ChatTemplate(source, bos="<s>", eos="</s>")) == text


def test_a_template_cannot_keep_anything_for_the_next_conversation() -> None:
    leaky = ChatTemplate("{% set ns = namespace(count=0) %}{% set ns.count = ns.count + 1 %}{{ ns.count }}")
    assert [render([QUESTION], leaky) for _ in range(2)] == ["1", "1"]


def test_rendering_leaves_the_example_as_it_was() -> None:
    example: dict[str, Any] = {"messages": [QUESTION, {**ANSWER, "weight": 0}]}
    segments_of(example, CHATML)  # type: ignore[arg-type]
    assert example == {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello", "weight": 0}]}
