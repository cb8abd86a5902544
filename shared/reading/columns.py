"""Which columns of a table, or keys of JSON objects, play which part: the names that are understood, in the many ways people spell them.

Only names and the kind of the first values are looked at. Where a name could mean two things nothing is guessed: the person is asked.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from shared.constants import Shape

ROLES_OF: dict[Shape, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "text": (("text",), ()),
    "prompt_completion": (("prompt", "completion"), ("input",)),
    "messages": (("messages",), ()),
    "preference": (("preferred", "rejected"), ("prompt", "input")),
}
"""Of each shape the parts that must be there and those that may be. `input` is read after the prompt, a blank line between them."""

UNDERSTOOD = (
    '"text", "prompt" and "completion", "question" and "answer", "instruction" (with or without "input") and "output", '
    '"input" and "output", "messages", or "prompt", "chosen" and "rejected"'
)


class FoundMapping(NamedTuple):
    """Parts and columns. `unused` are columns that look as if they mattered, yet have no part."""

    shape: Shape
    columns: dict[str, str]
    unused: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"shape": self.shape, "columns": self.columns}


# All names are compared without case, spaces and punctuation: "User Message", "user_message" and "userMessage" are one.
_CONVERSATIONS = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns", "chat", "chathistory", "items", "contents")
_SURE_CONVERSATIONS = ("messages", "conversations")
_PREFERENCES = (
    ("chosen", "rejected"),
    ("preferred", "rejected"),
    ("preferred", "nonpreferred"),
    ("preferred", "dispreferred"),
    ("preferredoutput", "nonpreferredoutput"),
    ("preferredcompletion", "nonpreferredcompletion"),
    ("preferredresponse", "nonpreferredresponse"),
    ("preferredresponse", "rejectedresponse"),
    ("preferredanswer", "rejectedanswer"),
    ("chosenresponse", "rejectedresponse"),
    ("chosenanswer", "rejectedanswer"),
    ("responsechosen", "responserejected"),
    ("answerchosen", "answerrejected"),
    ("accepted", "rejected"),
    ("acceptedresponse", "rejectedresponse"),
    ("betterresponse", "worseresponse"),
    ("betteranswer", "worseanswer"),
    ("better", "worse"),
)
_FIRST_PAIRS = (("prompt", "completion"), ("question", "answer"), ("instruction", "output"), ("input", "output"))
_PROMPTS = (
    *("prompt", "question", "instruction", "query", "input", "inputs", "request", "problem", "inquiry", "task"),
    *("prompttext", "questiontext", "inputtext", "textinput", "userinput", "usermessage", "userprompt", "userquery", "userquestion"),
    *("humanmessage", "humaninput", "customermessage", "instructions", "questions", "prompts"),
)
_COMPLETIONS = (
    *("completion", "answer", "output", "response", "reply", "target", "solution", "answers", "outputs", "targets", "responses"),
    *("completiontext", "answertext", "responsetext", "outputtext", "textoutput", "targettext", "assistantmessage", "assistantresponse"),
    *("assistantreply", "assistant", "botresponse", "botmessage", "modelresponse", "modeloutput", "airesponse", "agentresponse"),
    *("expectedoutput", "expectedanswer", "expectedresponse", "idealresponse", "idealanswer", "groundtruth", "correctanswer", "bestanswer"),
    *("completions",),
)
_OTHER_PAIRS = (
    *(("user", word) for word in ("assistant", "bot", "ai", "model", "gpt", "agent", "chatbot")),
    *(("human", word) for word in ("assistant", "bot", "ai", "gpt", "model", "chatbot")),
    ("customer", "agent"),
    ("customer", "assistant"),
    ("source", "target"),
    ("sourcetext", "targettext"),
    ("src", "tgt"),
    ("q", "a"),
    ("front", "back"),
    ("text", "completion"),
    ("text", "response"),
    ("text", "answer"),
    ("text", "output"),
    ("text", "reply"),
)
_BEFORE_A_QUESTION = ("context", "passage", "background", "system", "systemprompt", "systemmessage", "document", "story")
_AFTER_AN_INSTRUCTION = ("input", "context", "question", "query", "inputtext")
_CHOICES = {"choices", "options", "endings", "candidates", "distractors", "optiona", "choicea"}
_TEXTS = (
    *("content", "body", "article", "document", "passage", "paragraph", "story", "sentence", "sentences", "chunk", "pagecontent"),
    *("rawtext", "fulltext", "rawcontent", "plaintext", "texts", "markdown", "poem", "lyrics", "quote", "quotes", "post", "transcript"),
)
_ABOUT_A_TEXT = {
    *(
        "id",
        "uid",
        "uuid",
        "guid",
        "index",
        "idx",
        "no",
        "nr",
        "number",
        "row",
        "key",
        "hash",
        "url",
        "uri",
        "link",
        "href",
        "path",
        "file",
    ),
    *("filename", "date", "time", "year", "created", "createdat", "updated", "updatedat", "published", "timestamp", "author", "authors"),
    *("lang", "language", "locale", "source", "origin", "publisher", "license", "category", "categories", "tag", "tags", "topic", "topics"),
    *("keyword", "keywords", "title", "heading", "headline", "name", "metadata", "meta", "split", "domain", "page", "pages", "chapter"),
    *("section", "length", "numtokens", "numwords", "wordcount", "unnamed0", "column1", "isbn", "doi"),
}
_VERDICTS = ("label", "iscorrect", "correct", "accepted")
"""True or false beside an answer: the false ones are learned too, which somebody should know."""
_LOOKS_LIKE_AN_ANSWER = {"label", "labels", "class", "sentiment", "summary", "highlights", "translation", "target", "score", "rating"}


_HALVES = {word for pair in (*_PREFERENCES, *_OTHER_PAIRS) for word in pair if word not in ("text", "front", "back")}


def plain(name: str) -> str:
    """The name as it is compared."""
    return "".join(character for character in name.casefold() if character.isalnum())


def find_mapping(names: Sequence[str], row: Mapping[str, Any]) -> FoundMapping | None:
    """What the names say, the strongest evidence first. `row` holds the first values. None: a person has to say it."""
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(plain(name), name)
    return _preference(known, row) or _conversation(known, row) or _pair(known, row) or _text(known, row)


def _preference(known: dict[str, str], row: Mapping[str, Any]) -> FoundMapping | None:
    for preferred, rejected in _PREFERENCES:
        if preferred in known and rejected in known:
            columns = {"preferred": known[preferred], "rejected": known[rejected]}
            asked = next((word for word in (*_PROMPTS, *_SURE_CONVERSATIONS, "conversation", "user", "human") if word in known), None)
            if asked:
                columns = _asked(asked, known, row) | columns
            return FoundMapping("preference", columns)
    return None


def _conversation(known: dict[str, str], row: Mapping[str, Any]) -> FoundMapping | None:
    for word in _CONVERSATIONS:
        if word in known and (word in _SURE_CONVERSATIONS or _like_a_conversation(row.get(known[word]))):
            return FoundMapping("messages", {"messages": known[word]})
    return None


def _like_a_conversation(value: Any) -> bool:
    if isinstance(value, str):
        return value.lstrip().startswith(("[{", "[ {", "[\n"))
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _pair(known: dict[str, str], row: Mapping[str, Any]) -> FoundMapping | None:
    if not _CHOICES.isdisjoint(known):  # the answer is then the number of a choice, which is nothing to learn
        return None
    crossed = ((prompt, completion) for prompt in _PROMPTS if prompt in known for completion in _COMPLETIONS)
    for prompt, completion in (*_FIRST_PAIRS, *crossed, *_OTHER_PAIRS):
        if prompt in known and completion in known:
            verdicts = tuple(known[word] for word in _VERDICTS if word in known and isinstance(row.get(known[word]), bool))
            return FoundMapping("prompt_completion", _asked(prompt, known, row) | {"completion": known[completion]}, verdicts)
    return None


def _asked(prompt: str, known: dict[str, str], row: Mapping[str, Any]) -> dict[str, str]:
    """The columns of what is asked: an instruction may have an input after it, a question something to read before it."""

    def usable(words: tuple[str, ...]) -> str | None:
        """Structures are no text to put before or after another; an `input` always belongs to its instruction."""
        return next(
            (known[word] for word in words if word in known and (word == "input" or isinstance(row.get(known[word]), str | None))), None
        )

    if prompt != "instruction" and "instruction" in known and prompt in _AFTER_AN_INSTRUCTION:
        return {"prompt": known["instruction"], "input": known[prompt]}
    if prompt == "input" and "prompt" in known:
        return {"prompt": known["prompt"], "input": known[prompt]}
    if prompt == "instruction" and (extra := usable(_AFTER_AN_INSTRUCTION)):
        return {"prompt": known[prompt], "input": extra}
    if prompt in ("question", "query", "prompt", "problem", "userprompt", "userquery", "userquestion", "usermessage") and (
        before := usable(_BEFORE_A_QUESTION)
    ):
        return {"prompt": before, "input": known[prompt]}
    return {"prompt": known[prompt]}


def _text(known: dict[str, str], row: Mapping[str, Any]) -> FoundMapping | None:
    if "text" in known:
        return FoundMapping("text", {"text": known["text"]}, tuple(known[word] for word in known if word in _LOOKS_LIKE_AN_ANSWER))
    word = next((word for word in _TEXTS if word in known), None)
    if word and "role" not in known:  # with one, each row would be a message of some longer conversation
        others = (name for other, name in known.items() if other != word and other not in _ABOUT_A_TEXT)
        if not any(_holds_text(row.get(name)) for name in others):
            return FoundMapping("text", {"text": known[word]})
    return None


def _holds_text(value: Any) -> bool:
    if isinstance(value, str):
        return not value.replace(".", "").replace("-", "").strip().isdecimal()
    return isinstance(value, list | dict)


def may_be_the_text(name: str) -> bool:
    """Whether the only column of a table can be its text: half of a pair cannot, nor can an id."""
    word = plain(name)
    return (
        word not in _HALVES
        and word not in _PROMPTS
        and word not in _COMPLETIONS
        and word not in _ABOUT_A_TEXT
        and word not in _CONVERSATIONS
    )
