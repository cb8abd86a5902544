"""Preference pairs: one conversation with a preferred and a rejected answer, in the spellings of OpenAI, TRL, Anthropic and others."""

from typing import Any

from shared.reading.conversations import Note, any_messages_of, turns_of
from shared.reading.examples import Message, PreferenceExample, RowEmpty, RowRefused, kind_of

_FIX = "Let both answers follow the same conversation, or remove the row."


def preference_of(asked: Any, preferred: Any, rejected: Any, note: Note) -> PreferenceExample:
    """`asked` may be missing where both answers hold the whole conversation. Raises RowRefused or RowEmpty."""
    before = _asked(asked, note)
    good, bad = (_answered(value, name, before, note) for value, name in ((preferred, "preferred"), (rejected, "rejected")))
    if good[:-1] != bad[:-1]:
        raise RowRefused("The preferred and the rejected conversation differ before their last answers.", _FIX)
    texts = good[-1]["content"], bad[-1]["content"]
    for text, name in zip(texts, ("preferred", "rejected"), strict=True):
        if not text.strip():
            raise RowEmpty(f"The {name} answer is empty")
    if texts[0] == texts[1]:
        raise RowEmpty("The preferred and the rejected answer are the same")
    if not any(message["content"].strip() for message in good[:-1]):
        raise RowEmpty("What is answered is empty")
    return {"messages": good[:-1], "preferred": texts[0], "rejected": texts[1]}


def _asked(value: Any, note: Note) -> list[Message]:
    if value is None:
        return []
    if isinstance(value, str):
        return turns_of(value) or [{"role": "user", "content": value}]
    if isinstance(value, dict) and "messages" not in value and "conversations" not in value:
        value = [value]
    return _bare(any_messages_of(value, "prompt", note))


def _answered(value: Any, name: str, before: list[Message], note: Note) -> list[Message]:
    """The whole conversation up to and with this answer."""
    if isinstance(value, str):
        turns = turns_of(value)
        if turns and turns[-1]["role"] == "assistant":
            return turns
        if not before:
            raise RowRefused(f"The {name} answer has no prompt.", 'Add a column "prompt", or give both answers as whole conversations.')
        return [*before, {"role": "assistant", "content": value}]
    if not isinstance(value, dict | list):
        raise RowRefused(f"The {name} answer must be a text or a list of messages, not {kind_of(value)}.", "Give it one or remove the row.")
    spoken = _bare(any_messages_of([value] if isinstance(value, dict) else value, name, note))
    if not spoken or spoken[-1]["role"] != "assistant":
        raise RowRefused(f'The {name} answer does not end with a message of the role "assistant".', "Add it or remove the row.")
    return spoken if len(spoken) > 1 and not before or spoken[: len(before)] == before else [*before, *spoken]


def _bare(messages: list[Message]) -> list[Message]:
    """Only the last answers of a pair are learned, so weights mean nothing here."""
    return [{"role": message["role"], "content": message["content"]} for message in messages]
