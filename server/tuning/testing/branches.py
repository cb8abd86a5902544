"""Several continuations of one prompt as a tree of tokens, so that what they begin with alike ("1", "10") is computed once."""

from collections.abc import Sequence
from dataclasses import dataclass

PROMPT = -1
"""Stands for the prompt's last token where a row of the tree would: all first tokens are guessed from there."""


@dataclass(frozen=True)
class Branches:
    """The rows of the tree: the token that each reads, the row before it (`PROMPT` for none), and how many rows are before it.

    `paths` has an entry for each continuation: for every token of it the row that guesses it, and the token. A token from which no
    continuation goes on is guessed and never read, so it has no row. Parents come before their children.
    """

    ids: list[int]
    parents: list[int]
    depths: list[int]
    paths: list[list[tuple[int, int]]]

    @classmethod
    def of(cls, continuations: Sequence[Sequence[int]]) -> "Branches":
        rows: dict[tuple[int, int], int] = {}
        ids: list[int] = []
        parents: list[int] = []
        depths: list[int] = []
        paths: list[list[tuple[int, int]]] = []
        for continuation in continuations:
            at, path = PROMPT, []
            for place, token in enumerate(continuation):
                path.append((at, token))
                if place == len(continuation) - 1:
                    break
                if (at, token) not in rows:
                    rows[at, token] = len(ids)
                    ids.append(token)
                    parents.append(at)
                    depths.append(place)
                at = rows[at, token]
            paths.append(path)
        return cls(ids, parents, depths, paths)
