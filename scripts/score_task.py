"""A task whose right answers are known: log entries of a lighthouse, marked by a rule. `scripts/bench` trains and tests on it.

An entry earns two points for each of five things that it records; everything else in it is chatter. Deterministic by seed.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NUM_ITEMS = 200
NUM_HELD_OUT = 50
HIGHEST = 10
QUESTION = "Mark this log entry from 0 to 10.\n\n"

_EARNING = {
    "the wind": ["The wind blew from the {side} at {n} knots.", "A {side} wind of {n} knots held all watch.", "Wind: {side}, {n} knots."],
    "the glass": ["The barometer stood at {n} and was {going}.", "Barometer {n}, {going}.", "I read {n} off the barometer, {going}."],
    "ships": ["{n} ships passed to the {side}.", "To the {side}, {n} ships went by.", "Ships sighted: {n}, all bound {side}."],
    "the lamp": ["I trimmed the lamp and filled its oil.", "The lamp was trimmed and its oil filled.", "Lamp trimmed, oil filled up."],
    "a name": ["Signed, {keeper}, keeper.", "Keeper on watch: {keeper}, signed.", "Written and signed by {keeper}."],
}
_CHATTER = [
    "It was a long night.",
    "The cat slept on the stairs.",
    "My boots are still wet from yesterday.",
    "There was soup again for supper.",
    "I thought of home.",
    "The gulls were loud towards morning.",
    "Somebody should mend the gate.",
    "I read a few pages and put the book away.",
    "The tea was cold before I drank it.",
    "Nothing else is worth telling.",
]
_SIDES = ["north", "south", "east", "west"]
_GOINGS = ["falling", "rising", "steady"]
_KEEPERS = ["Anna Voss", "Peter Lund", "Mary Hale", "Jon Berg"]


@dataclass(frozen=True)
class Entry:
    text: str
    score: int

    @property
    def prompt(self) -> str:
        return f"{QUESTION}{self.text}"


def entries(seed: int = 7, count: int = NUM_ITEMS) -> list[Entry]:
    """All scores equally often; no text twice."""
    chance = random.Random(seed)
    found: dict[str, Entry] = {}
    while len(found) < count:
        earned = chance.sample(sorted(_EARNING), len(found) % (len(_EARNING) + 1))
        sentences = [_filled(chance.choice(_EARNING[name]), chance) for name in earned] + chance.sample(_CHATTER, chance.randint(2, 4))
        chance.shuffle(sentences)
        entry = Entry(" ".join(sentences), len(earned) * HIGHEST // len(_EARNING))
        found.setdefault(entry.text, entry)
    shuffled = list(found.values())
    chance.shuffle(shuffled)
    return shuffled


def _filled(sentence: str, chance: random.Random) -> str:
    words = {"side": _SIDES, "going": _GOINGS, "keeper": _KEEPERS}
    return sentence.format(n=chance.randint(2, 40), **{name: chance.choice(options) for name, options in words.items()})


def rubric() -> str:
    """The rule as a guide's prose would say it."""
    return (
        "How log entries are marked.\n\nAn entry earns two points for each of these, and nothing for anything else: the wind with its "
        "side and strength; the barometer with its reading; the ships that passed and where they went; that the lamp was trimmed and "
        "filled; the keeper's signature."
    )


def guide(learned: Sequence[Entry]) -> str:
    """A training guide in words: the rule, then marked examples."""
    return rubric() + "\n\n" + "\n\n".join(f"{entry.text}\nScore: {entry.score}/{HIGHEST}" for entry in learned) + "\n"


def write_training(learned: Sequence[Entry], file: Path) -> Path:
    rows = ({"prompt": entry.prompt, "completion": str(entry.score)} for entry in learned)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def write_items(held_out: Sequence[Entry], file: Path) -> Path:
    rows = (
        {"id": f"item-{i}", "label": f"Entry {i + 1}", "prompt": entry.prompt, "expected_score": entry.score}
        for i, entry in enumerate(held_out)
    )
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file
