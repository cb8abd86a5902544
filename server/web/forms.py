"""Forms (multipart and URL-encoded): of their fields only those that the route knows, each once, as of JSON only known fields are taken."""

from collections import Counter
from collections.abc import Awaitable, Callable

from fastapi import Request

from server.errors import Detail, InvalidInput

_MAX_NAMED = 20
_MAX_CHARACTERS = 100


def only_fields(*known: str) -> Callable[[Request], Awaitable[None]]:
    """A dependency that raises `InvalidInput` for a field that is none of these, or comes twice."""

    async def check(request: Request) -> None:
        counts = Counter(name for name, _ in (await request.form()).multi_items())  # What the framework has read already.
        problems = [f"{_plain(name)} is not a field of this request." for name in counts if name not in known]
        problems += [f"{name} is given more than once." for name, count in counts.items() if name in known and count > 1]
        if problems:
            params = [text.partition(" is ")[0] for text in problems[:_MAX_NAMED]]
            details = [Detail(message=text, param=param) for text, param in zip(problems, params, strict=False)]
            raise InvalidInput(problems[0], code="request.invalid", param=params[0], details=details)

    return check


def _plain(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name)[:_MAX_CHARACTERS] or "A field without a name"
