"""Rows become examples: which plan fits a row's keys, the values as texts, and every reason why a row does not fit.

A row is what JSON, CSV or Parquet gave. Plans are found once for each set of keys: files have millions of rows and few such sets.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from shared.constants import MAX_EXAMPLE_CHARACTERS
from shared.reading.columns import ROLES_OF, UNDERSTOOD, FoundMapping, find_mapping, may_be_the_text
from shared.reading.conversations import Note, answered_turns, messages_of
from shared.reading.examples import Example, ReadProblem, RowEmpty, RowRefused, kind_of, named, quoted, strings_of
from shared.reading.preferences import preference_of

Row = tuple[int, Any]
"""A line (or row) number and what stands there."""
Plan = Callable[[dict[str, Any]], Example]

MAX_COLUMNS_SHOWN = 100
MAX_EXAMPLE_OF_COLUMN = 200
MAX_COLUMN_NAME = 500
_ROWS_FOR_COLUMNS = 20
_MAX_PLANS = 1_000
MIXED_WITH_PAIRS = "preference pairs and other examples"
"""In what is said at the line where a file changes from one to the other."""
_GIVE_UP_AFTER = 1_000
"""Rows without one that is understood, after which a person is asked for the mapping."""


class Shaper:
    """Shapes the rows of one file. `mapping` is the one to use (`shared.wire.Mapping` as JSON), or afterwards the first that was found.

    `columns` are the columns seen, with an example each. `place` is what a row's number counts. `table` says that every row has the same
    columns, so that a lone one can only be the text. An `optional` mapping is only used where its columns are.
    """

    def __init__(self, mapping: dict[str, Any] | None, *, place: str = "Line", table: bool = False, optional: bool = False) -> None:
        self.mapping = mapping
        self.needs_mapping = False
        self.columns: dict[str, str] = {}
        self._given = None if mapping is None else FoundMapping(mapping["shape"], mapping["columns"])
        self._place = place
        self._table = table
        self._optional = optional
        self._plans: dict[tuple[str, ...], Plan] = {}
        self._understood = False
        self._is_mixed = False
        self._begins_with_pairs: bool | None = None
        self._notes: dict[str, bool] = {}
        """Remarks, and whether they have been handed on."""

    @property
    def given(self) -> dict[str, str] | None:
        """The columns that a person has chosen."""
        return None if self._given is None else self._given.columns

    def examples(self, rows: Iterable[Row | ReadProblem]) -> Iterator[Example | ReadProblem]:
        if (broken := self._broken_mapping()) is not None:
            yield broken
            return
        held: list[ReadProblem] = []  # rows that were not understood, as long as none was
        plans = self._plans
        seen = 0
        for item in rows:
            if isinstance(item, ReadProblem):
                yield item
                continue
            line, row = item
            if seen < _ROWS_FOR_COLUMNS:
                seen += 1
                self._show(row)
            try:
                plan = plans.get(tuple(row)) if type(row) is dict else None
                example = plan(row) if plan else self._plan_for(row)(row)
            except RowRefused as refusal:
                problem = self._problem(line, f"{refusal}", refusal.fix)
                if isinstance(refusal, _NotUnderstood) and self._given is None:
                    self.mapping, self._is_mixed = None, True
                if not self._understood and isinstance(refusal, _NotUnderstood):
                    held.append(problem)
                    if len(held) >= _GIVE_UP_AFTER:
                        break
                    continue
                yield problem
            except RowEmpty as reason:
                yield ReadProblem(line, f"{self._place} {line}: {reason}, so this row was left out.", False)
            else:
                yield example
            if held:
                yield from held
                held.clear()
            if self._notes and not all(self._notes.values()):
                yield from self._new_notes(line)
        if held:
            self.needs_mapping = bool(self.columns)
            yield held[0]

    def _show(self, row: Any) -> None:
        """Keeps the row's columns, with the first value that is not empty."""
        if not isinstance(row, dict):
            return
        for name, value in row.items():
            fits = name in self.columns or len(self.columns) < MAX_COLUMNS_SHOWN
            if fits and not self.columns.get(name) and 0 < len(name) <= MAX_COLUMN_NAME and encodable(name):
                self.columns[name] = _shown(value)

    def _problem(self, line: int, message: str, fix: str) -> ReadProblem:
        return ReadProblem(line, f"{self._place} {line}: {message}", fatal=True, fix=fix, skippable=True)

    def _note(self, text: str) -> None:
        self._notes.setdefault(text, False)

    def _note_kind(self, *, pairs: bool) -> None:
        if self._begins_with_pairs is None:
            self._begins_with_pairs = pairs
        elif self._begins_with_pairs != pairs:
            self._note(
                f"this file holds {MIXED_WITH_PAIRS}. A job learns from the ones or from the others: put them into files of their own."
            )

    def _new_notes(self, line: int) -> Iterator[ReadProblem]:
        for text, told in self._notes.items():
            if not told:
                self._notes[text] = True
                yield ReadProblem(line, f"{self._place} {line}, and perhaps others: {text}", fatal=False)

    def _broken_mapping(self) -> ReadProblem | None:
        if self._given is None:
            return None
        needed, possible = ROLES_OF.get(self._given.shape, ((), ()))
        if missing := [role for role in needed if role not in self._given.columns]:
            message = f'The mapping of this file names no column for "{missing[0]}", which {self._given.shape} needs.'
        elif unknown := [role for role in self._given.columns if role not in needed + possible]:
            message = f"The mapping of this file names {quoted(unknown[0])}, which is no part of {self._given.shape}."
        else:
            return None
        return ReadProblem(None, message, True, f"The parts are {', '.join(needed + possible)}.")

    def mapping_of(self, row: dict[str, Any]) -> FoundMapping | None:
        """Which of the row's keys play which part. A given mapping is taken as it is."""
        if self._given is not None and not (self._optional and not row.keys() >= set(self._given.columns.values())):
            return self._given
        found = find_mapping(list(row), row)
        if found is None and self._table and len(row) == 1 and may_be_the_text(name := next(iter(row))):
            found = FoundMapping("text", {"text": name})
        return found

    def _plan_for(self, row: Any) -> Plan:
        """The plan for these keys, from now on. Raises RowRefused for what is not understood."""
        if isinstance(row, list) and row and all(isinstance(item, dict) for item in row):
            return self._bare_conversation
        if isinstance(row, str) and not self._given and (not self._understood or self.mapping is None):
            self._understood = self._is_mixed = True
            self._note_kind(pairs=False)
            return self._bare_text
        if not isinstance(row, dict):
            raise RowRefused(f"expected a JSON object, found {kind_of(row)}.", "Fix or remove it.")
        found = self.mapping_of(row)
        if found is None:
            raise _NotUnderstood(
                f"No known keys (found: {named(list(row))})." if not self._table else f"no known columns (found: {named(list(row), 12)}).",
                f"Say which columns to learn from, or name them {UNDERSTOOD}.",
            )
        missing = [name for role, name in found.columns.items() if name not in row and role != "input"]
        if missing:
            raise _NotUnderstood(
                f"There is no {quoted(missing[0])} (found: {named(list(row))}).", "Choose other columns or remove the row."
            )
        if self._given is None:
            self._learn(found.to_json())
        for name in found.unused:
            self._note(f"The column {quoted(name)} has no part in the training. Choose the columns yourself if it should.")
        self._understood = True
        self._note_kind(pairs=found.shape == "preference")
        plan = self._plan(found, row)
        if len(self._plans) < _MAX_PLANS:
            self._plans[tuple(row)] = plan
        return plan

    def _learn(self, mapping: dict[str, Any]) -> None:
        """Rows that differ have no mapping in common, and some names cannot be told: whoever reads again has to find out again."""
        if not all(map(encodable, mapping["columns"].values())):
            self.mapping, self._is_mixed = None, True
        elif self.mapping is None and not self._is_mixed:
            self.mapping = mapping
        elif self.mapping != mapping:
            self.mapping, self._is_mixed = None, True

    def _plan(self, found: FoundMapping, row: dict[str, Any]) -> Plan:
        columns = found.columns
        given = self._given is not None
        match found.shape:
            case "text":
                return _text_plan(columns["text"], given, self._note)
            case "prompt_completion":
                return _pair_plan(columns["prompt"], columns.get("input"), columns["completion"], given, self._note)
            case "messages":
                return _messages_plan(columns["messages"], self._note)
            case _:
                return _preference_plan(columns, self._note)

    def _bare_conversation(self, row: Any) -> Example:
        self._understood = self._is_mixed = True
        self._note_kind(pairs=False)
        self.mapping = None if self._given is None else self.mapping
        return _checked({"messages": messages_of(row, "messages", self._note)})

    def _bare_text(self, row: Any) -> Example:
        return _checked({"text": _filled(row, "text", False, self._note)})


class _NotUnderstood(RowRefused):
    """The keys say nothing: a mapping would help."""


def _text_plan(key: str, given: bool, note: Note) -> Plan:
    def plan(row: dict[str, Any]) -> Example:
        text = row.get(key)
        if type(text) is not str or not text or text.isspace():
            text = _filled(text, key, given, note)
        return _checked({"text": text})

    return plan


def _pair_plan(prompt_key: str, input_key: str | None, completion_key: str, given: bool, note: Note) -> Plan:
    def plan(row: dict[str, Any]) -> Example:
        prompt = row.get(prompt_key)
        if _is_turns(prompt) or _is_turns(row.get(completion_key)):
            return _checked({"messages": answered_turns(prompt, row.get(completion_key), prompt_key, completion_key, note)})
        if input_key is not None:
            prompt = _joined(prompt, row.get(input_key), prompt_key, input_key, given, note)
        elif type(prompt) is not str or not prompt or prompt.isspace():
            prompt = _filled(prompt, prompt_key, given, note)
        completion = row.get(completion_key)
        if type(completion) is not str or not completion or completion.isspace():
            completion = _filled(completion, completion_key, given, note)
        return _checked({"prompt": prompt, "completion": completion})

    return plan


def _is_turns(value: Any) -> bool:
    return type(value) is list and bool(value) and all(isinstance(item, dict) for item in value)


def _messages_plan(key: str, note: Note) -> Plan:
    def plan(row: dict[str, Any]) -> Example:
        messages = messages_of(row.get(key), key, note)
        if messages[0]["role"] != "system" and (system := _system_of(row)):
            messages.insert(0, {"role": "system", "content": system})
        return _checked({"messages": messages})

    return plan


def _system_of(row: dict[str, Any]) -> str | None:
    """What stands beside the messages for all of them: a text, or parts that are texts (Bedrock, Gemini)."""
    said = row.get("system") or row.get("system_prompt") or row.get("systemInstruction") or row.get("system_instruction")
    parts = said.get("parts") if isinstance(said, dict) else said
    if isinstance(parts, list):
        texts = [part.get("text") for part in parts if isinstance(part, dict)]
        said = "\n".join(text for text in texts if isinstance(text, str))
    return said if isinstance(said, str) and said.strip() else None


def _preference_plan(columns: dict[str, str], note: Note) -> Plan:
    def plan(row: dict[str, Any]) -> Example:
        asked = row.get(columns["prompt"]) if "prompt" in columns else None
        if "input" in columns:
            asked = _joined(asked, row.get(columns["input"]), columns["prompt"], columns["input"], False, note)
        return _checked(preference_of(asked, row.get(columns["preferred"]), row.get(columns["rejected"]), note))

    return plan


def _joined(first: Any, second: Any, first_key: str, second_key: str, given: bool, note: Note) -> str:
    """Both with a blank line between; either may be empty."""
    texts = [_string(value, key, given, note) for value, key in ((first, first_key), (second, second_key)) if value is not None]
    texts = [text for text in texts if text.strip()]
    if not texts:
        raise RowEmpty(f'"{first_key}" is empty')
    return "\n\n".join(texts)


def _filled(value: Any, name: str, given: bool, note: Note) -> str:
    text = _string(value, name, given, note)
    if not text.strip():
        raise RowEmpty(f"{quoted(name)} is empty")
    return text


def _string(value: Any, name: str, given: bool, note: Note) -> str:
    """Numbers are taken as they are written. `given` says that a person chose this column, so that true and false are meant as well."""
    if isinstance(value, str):
        return value
    if given and isinstance(value, bool):
        return "true" if value else "false"
    if given and value is not None and not isinstance(value, int | float | list | dict):  # dates and the like, from Parquet
        return str(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and _exact(value):
        note(f"Numbers under {quoted(name)} were read as texts.")
        return str(value)
    if isinstance(value, dict) and isinstance(value.get("text"), str | list):
        value = value["text"]
        if isinstance(value, str):
            return value
        if all(isinstance(item, str) for item in value):  # several people's answers: the first is as good as any
            return value[0] if value else ""
    if value is None:
        raise RowEmpty(f"{quoted(name)} is empty")
    remedy = "Put it in double quotes." if isinstance(value, bool | int | float) else "Make it one text."
    raise RowRefused(f"{quoted(name)} must be a text, not {kind_of(value)}.", remedy)


def _exact(number: int | float) -> bool:
    """Whether the number is surely the one that was written: JSON readers turn integers beyond 64 bits into rounded numbers."""
    return abs(number) < 2**63 if isinstance(number, int) else abs(number) < 2**53


def _checked(example: Example) -> Example:
    """Raises RowRefused for half characters and for what is too long."""
    length = 0
    for text in strings_of(example):
        length += len(text)
        if not text.isascii() and not encodable(text):
            raise RowRefused("The text holds half of a surrogate pair or a byte that is no character.", "Remove or mend it.")
    if length > MAX_EXAMPLE_CHARACTERS:
        raise RowRefused(f"The example has {length:,} characters; at most {MAX_EXAMPLE_CHARACTERS:,} fit.", "Split it into several.")
    return example


def encodable(text: str) -> bool:
    """False for halves of characters, which no file and no answer can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: Any) -> str:
    """A value as it is shown beside its column's name."""
    if isinstance(value, str):
        text = value
    elif value is None:
        text = ""
    elif isinstance(value, list | dict | bool):
        text = _as_json(value)
    else:
        text = str(value) if not isinstance(value, int) or abs(value) < 10**20 else "a very large number"
    return "".join(character if character.isprintable() else " " for character in text[:MAX_EXAMPLE_OF_COLUMN])


def _as_json(value: Any) -> str:
    import json

    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):
        return "…"
