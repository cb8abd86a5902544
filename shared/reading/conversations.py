"""A conversation in any of its known spellings as a list of messages: OpenAI's, ShareGPT's and their relatives.

What a tool is asked and what it answers is kept as text that is read but never learned, because no base model here calls tools.
"""

import re
from collections.abc import Callable
from typing import Any, Literal

from shared.reading.examples import Message, RowEmpty, RowRefused, kind_of, quoted

MAX_MESSAGES = 1_000
"""In one conversation. Every reply is rendered with all that stands before it, so the work grows with the square."""

_ROLES: dict[str, Literal["system", "user", "assistant"]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "customer": "user",
    "client": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "ai": "assistant",
    "chatbot": "assistant",
    "agent": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "claude": "assistant",
}
_TOOL_ANSWERS = {"tool", "function", "observation", "ipython", "tool_response", "function_response", "tool_result"}
_TOOL_CALLS = {"function_call", "tool_call", "tool_calls"}
_ROLE_KEYS = ("role", "from", "speaker", "author", "sender")
_CONTENT_KEYS = ("content", "value", "text", "message", "parts")
_HUMAN_OR_ASSISTANT = re.compile(r"\n\n(Human|Assistant): ?")

_LONGEST_PRINTED = 200_000
"""Characters: taking Python's spelling apart needs some hundred times as much memory."""

_TOOLS_NOTE = "Calls of tools and their answers are not supported as such: they are kept as text that is read but not learned."

Note = Callable[[str], None]
"""Told what a person should know of the data, once for each kind of remark."""


def messages_of(value: Any, key: str, note: Note) -> list[Message]:
    """A conversation with something to learn in it. Raises RowRefused or RowEmpty."""
    messages = any_messages_of(value, key, note)
    replies = [message for message in messages if message["role"] == "assistant"]
    if not replies:
        raise RowRefused(f'"{key}" has no message of the role "assistant", so there is nothing to learn.', "Add one or remove the row.")
    if not any(reply["content"].strip() for reply in replies):
        raise RowEmpty('Every message of the role "assistant" is empty')
    return messages


def any_messages_of(value: Any, key: str, note: Note) -> list[Message]:
    """The same for a conversation that may still lack its last answer."""
    items = _items(value, key)
    if len(items) > MAX_MESSAGES:
        raise RowRefused(f'"{key}" has {len(items):,} messages; at most {MAX_MESSAGES:,} fit.', "Split the conversation.")
    messages: list[Message] = []
    after_tool = False
    for index, item in enumerate(items):
        if type(item) is dict and item.keys() == {"role", "content"}:  # by far the most; the same as below, without the detours
            role, content = _ROLES.get(item["role"]) if type(item["role"]) is str else None, item["content"]
            if role and type(content) is str:
                messages.append({"role": role, "content": content})
                after_tool = False
                continue
        for message, is_tool_answer in _read(item, f"{key}[{index}]", note):
            if is_tool_answer and after_tool:  # several answers are one turn: many templates want turns to alternate
                messages[-1]["content"] += "\n\n" + message["content"]
            else:
                messages.append(message)
            after_tool = is_tool_answer
    return messages


def answered_turns(asked: Any, answer: Any, asked_key: str, answer_key: str, note: Note) -> list[Message]:
    """A conversation that is cut into what is asked and what is answered, as TRL has it. Only the answer is learned."""
    before = any_messages_of([{"role": "user", "content": asked}] if isinstance(asked, str) else asked, asked_key, note)
    for message in before:
        if message["role"] == "assistant":
            message["weight"] = 0
    return before + messages_of([{"role": "assistant", "content": answer}] if isinstance(answer, str) else answer, answer_key, note)


def turns_of(text: str) -> list[Message] | None:
    """A transcript with "Human:" and "Assistant:", as in Anthropic's preference data; None for any other text.

    A transcript that ends in an empty "Assistant:" asks for the answer, so that last turn is left away.
    """
    if not text.startswith(("\n\nHuman:", "Human:")):
        return None
    pieces = _HUMAN_OR_ASSISTANT.split(text if text.startswith("\n") else "\n\n" + text)
    spoken = zip(pieces[1::2], pieces[2::2], strict=True)
    turns: list[Message] = [{"role": "user" if who == "Human" else "assistant", "content": said.strip()} for who, said in spoken]
    if turns[-1]["role"] == "assistant" and not turns[-1]["content"]:
        turns.pop()
    return turns


def _items(value: Any, key: str) -> list[Any]:
    """The list of messages, also where it is written as JSON inside a cell, or as one list for each field of a message."""
    if isinstance(value, str):
        value = _parsed(value, key)
    if isinstance(value, dict):
        inner = next((value[name] for name in ("messages", "conversations", "turns") if isinstance(value.get(name), list)), None)
        return inner if inner is not None else _transposed(value, key)
    if not isinstance(value, list):
        raise RowRefused(f'"{key}" must be a list of messages, not {kind_of(value)}.', "Give every row a list of messages.")
    return value


def _parsed(text: str, key: str) -> Any:
    import orjson

    if not text.strip():
        raise RowEmpty(f'"{key}" is empty')
    try:
        value = orjson.loads(text)
    except (ValueError, RecursionError):
        value = _written_by_python(text)
    if isinstance(value, str):
        raise RowRefused(f'"{key}" must be a list of messages, not a text.', "Write the conversation as a JSON list of messages.")
    return value


def _written_by_python(text: str) -> Any:
    """A list as Python prints it, which is what pandas writes into a cell of a CSV; the text itself when it is none."""
    import ast

    if not text.lstrip().startswith("[{") or len(text) > _LONGEST_PRINTED:
        return text
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text


def _transposed(value: dict[str, Any], key: str) -> list[Any]:
    """{"role": ["user", "assistant"], "content": ["Hi", "Hello"]}, as some tables store a list of messages."""
    if value and all(isinstance(column, list) for column in value.values()) and len({len(column) for column in value.values()}) == 1:
        return [dict(zip(value, cells, strict=True)) for cells in zip(*value.values(), strict=True)]
    raise RowRefused(f'"{key}" must be a list of messages, not {kind_of(value)}.', "Give every row a list of messages.")


def _read(item: Any, where: str, note: Note) -> list[tuple[Message, bool]]:
    """Usually one message, with whether it is a tool's answer. {"human": "Hi", "assistant": "Hello"} is two."""
    if not isinstance(item, dict):
        raise RowRefused(
            f'{where} must be an object with "role" and "content", not {kind_of(item)}.', "Write every message as such an object."
        )
    role_key = next((key for key in _ROLE_KEYS if key in item), None)
    if role_key is None and item and all(isinstance(key, str) and key.lower() in _ROLES for key in item):
        return [({"role": _ROLES[key.lower()], "content": _text(said, f"{where}.{key}")}, False) for key, said in item.items() if said]
    spoken = item.get(role_key or "role")
    if spoken is None:
        raise RowRefused(f'{where} has no "role".', 'Every message needs "role" and "content".')
    if isinstance(spoken, dict):
        spoken = spoken.get("role")
    if not isinstance(spoken, str):
        raise RowRefused(f'"{where}.{role_key}" must be a text, not {kind_of(spoken)}.', "Put it in double quotes.")
    spoken = spoken.strip().lower()
    if spoken in _TOOL_ANSWERS:
        note(_TOOLS_NOTE)
        return [({"role": "user", "content": _content(item, where)}, True)]
    calls = next((item[key] for key in ("tool_calls", "function_call") if item.get(key)), None)
    if spoken in _TOOL_CALLS or calls is not None:
        note(_TOOLS_NOTE)
        return [({"role": "assistant", "content": _call(item, calls, where), "weight": 0}, False)]
    role = _ROLES.get(spoken)
    if role is None:
        raise RowRefused(
            f"{where} has the role {quoted(spoken)}.", 'Known roles are "system", "user" and "assistant". Change it or remove the message.'
        )
    message: Message = {"role": role, "content": _content(item, where)}
    if role == "assistant" and item.get("weight") is not None:
        message["weight"] = _weight(item["weight"], f"{where}.weight")
    return [(message, False)]


def _content(item: dict[str, Any], where: str) -> str:
    key = next((key for key in _CONTENT_KEYS if key in item), None)
    if key is None:
        raise RowRefused(f'{where} has no "content".', 'Every message needs "role" and "content".')
    return _text(item[key], f"{where}.{key}")


def _text(value: Any, where: str) -> str:
    """A text, or a list of parts that are texts."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        remedy = "Give it a text or remove the row." if value is None else "Make it a text."
        raise RowRefused(f'"{where}" must be a text, not {kind_of(value)}.', remedy)
    parts = []
    for part in value:
        text = part if isinstance(part, str) else part.get("text") if isinstance(part, dict) else None
        if not isinstance(text, str):
            raise RowRefused(f'"{where}" holds something other than text, such as a picture.', "Remove that part or the row.")
        parts.append(text)
    return "\n".join(parts)


def _call(item: dict[str, Any], calls: Any, where: str) -> str:
    """What the assistant said beside its call, and the call as JSON."""
    import orjson

    said = next((item[key] for key in _CONTENT_KEYS if item.get(key)), None)
    pieces = [] if said is None else [_text(said, where)]
    if calls is not None:
        pieces.append(orjson.dumps(calls, default=str).decode())
    return "\n".join(pieces)


def _weight(value: Any, where: str) -> Literal[0, 1]:
    if isinstance(value, bool) or value not in (0, 1):
        raise RowRefused(f"{where} must be 0 (read only) or 1 (learn), not {kind_of(value)}.", "Write 0 or 1, or leave it out.")
    return 1 if value else 0
