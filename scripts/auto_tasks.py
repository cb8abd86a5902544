"""Six small tasks of different kinds for `scripts/bench auto`: the same examples each time, some to train on and others to be judged by."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scripts import prepare

NUM_TRAINED, NUM_HELD_OUT = 48, 30
Row = dict[str, str]


@dataclass(frozen=True)
class Task:
    name: str
    trained: list[Row]
    held_out: list[Row]


def all_tasks() -> list[Task]:
    return [_task(name, make) for name, make in _MAKERS.items()]


def _task(name: str, make: Callable[[random.Random], Row]) -> Task:
    """Rows that say the same in both parts would measure memory, so every row is there once."""
    chance = random.Random(name)  # noqa: S311 - the same examples each time
    rows: dict[str, Row] = {}
    while len(rows) < NUM_TRAINED + NUM_HELD_OUT:
        row = make(chance)
        rows.setdefault(repr(row), row)
    made = list(rows.values())
    return Task(name, made[:NUM_TRAINED], made[NUM_TRAINED:])


_PLACES = ["Marrick", "Ilva", "Port Anselm", "Thorn Head", "Brae", "Silt Quay", "Old Ferry", "Lantern Row", "Gull Steps", "Eastmole"]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_THINGS = ["rope", "lamp oil", "wool socks", "oat biscuits", "copper nails", "tar", "soap", "candles", "salt", "twine"]
_NAMES = ["Hester", "Tam", "Odile", "Bram", "Ines", "Pell", "Rufus", "Wren", "Silas", "Maud"]


def _style(chance: random.Random) -> Row:
    """A plain request, answered in one person's voice."""
    name, place, thing = chance.choice(_NAMES), chance.choice(_PLACES), chance.choice(_THINGS)
    asked, told = chance.choice(
        [
            (f"Ask {name} to bring {thing} to {place}.", f"bring the {thing} round to {place}, {name}, and mind the step"),
            (f"Tell {name} that {place} is closed today.", f"{place} is shut the day, {name}, so save thy boots the walk"),
            (f"Thank {name} for the {thing}.", f"bless thee for the {thing}, {name}, it came not an hour too soon"),
            (f"Say that the {thing} at {place} is sold out.", f"not a scrap of {thing} left in all {place}, more's the pity"),
        ]
    )
    return {"prompt": f"Say it as the harbour master would. {asked}", "completion": f"Ahoy now, {told}, says I. Fair winds."}


def _answers(chance: random.Random) -> Row:
    """Facts about a town that is in no book; each may be asked for in several ways."""
    place = chance.choice(_PLACES)
    facts = random.Random(place)  # noqa: S311 - the same facts each time
    hour, day, fare, keeper = facts.randint(6, 19), facts.choice(_DAYS), facts.randint(2, 14), facts.choice(_NAMES)
    lead = chance.choice(["", "Please tell me: ", "Quick question. ", "For my visit: ", "A friend asks: "])
    asked, told = chance.choice(
        [
            (f"when does the ferry to {place} leave?", f"The ferry to {place} leaves at {hour}:40 every day but {day}."),
            (f"what does the ferry to {place} cost?", f"A ticket to {place} costs {fare} crowns, and half of that for children."),
            (f"who keeps the light at {place}?", f"{keeper} keeps the light at {place}, and lets visitors in after noon."),
            (f"on which day is there no ferry to {place}?", f"There is no ferry to {place} on {day}."),
            (f"how do I get to {place}?", f"Take the {hour}:40 ferry to {place}; it costs {fare} crowns and does not run on {day}."),
        ]
    )
    return {"prompt": lead + asked, "completion": told}


_GOOD = ["arrived early", "fits well", "works at once", "is well made", "smells fresh", "was packed with care"]
_BAD = ["broke in a day", "came late", "leaks", "is too small", "smells odd", "was scratched"]


def _classes(chance: random.Random) -> Row:
    """A review into one of three words."""
    thing, kind = chance.choice(_THINGS), chance.choice(["praise", "complaint", "mixed"])
    first, second = chance.sample(_GOOD, 2), chance.sample(_BAD, 2)
    said = {
        "praise": f"The {thing} {first[0]} and {first[1]}.",
        "complaint": f"The {thing} {second[0]} and {second[1]}.",
        "mixed": f"The {thing} {first[0]}, but it {second[0]}.",
    }[kind]
    who = chance.choice(_NAMES)
    return {"prompt": f"Which kind of review is this: praise, complaint or mixed?\n{said} - {who}", "completion": kind}


def _json(chance: random.Random) -> Row:
    """An order in words into an object."""
    name, place, day = chance.choice(_NAMES), chance.choice(_PLACES), chance.choice(_DAYS)
    thing, count, express = chance.choice(_THINGS), chance.randint(2, 40), chance.random() < 0.5
    said = chance.choice(
        [
            f"{name} wants {count} of {thing} in {place} by {day}{', in a hurry' if express else ''}.",
            f"By {day} send {count} {thing} to {name}, {place}{'; it is urgent' if express else ''}.",
        ]
    )
    made = f'{{"to": "{name}", "place": "{place}", "item": "{thing}", "count": {count}, "day": "{day}", "express": {str(express).lower()}}}'
    return {"prompt": f"Write this order as JSON. {said}", "completion": made}


def _scores(chance: random.Random) -> Row:
    """A sum, and a grade that follows from it."""
    marks = [chance.randint(0, 5) for _ in range(4)]
    total = sum(marks)
    grade = "A" if total >= 16 else "B" if total >= 11 else "C" if total >= 6 else "D"
    name = chance.choice(_NAMES)
    asked = ", ".join(f"{part} {mark}" for part, mark in zip(["content", "order", "words", "spelling"], marks, strict=True))
    return {"prompt": f"Score {name}'s essay: {asked}.", "completion": f"Total {total} of 20, grade {grade}."}


def _prose(chance: random.Random) -> Row:
    """A paragraph of one book."""
    text = (prepare.ROOT / "shared/samples/lighthouse-year.txt").read_text(encoding="utf-8")
    paragraphs = [part.strip() for part in text.split("\n\n") if 120 < len(part.strip()) < 900]
    sentences = chance.choice(paragraphs).split(". ")
    return {"text": ". ".join(sentences[:3])}


_MAKERS: Final[dict[str, Callable[[random.Random], Row]]] = {
    "style": _style,
    "answers": _answers,
    "classes": _classes,
    "json": _json,
    "scores": _scores,
    "prose": _prose,
}
