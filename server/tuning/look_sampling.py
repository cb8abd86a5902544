"""How much of the data is tokenised and compared, so that a look takes some seconds and little memory whatever the size of the data.

All of it is read: what costs little (counting, remembering 8 bytes of each example) is done for every example, the rest for a sample.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

MOST_CHARACTERS: Final = 20_000_000
MOST_EXAMPLES: Final = 100_000
"""Either takes about ten seconds to render, tokenise and sign on one core."""
MOST_FINGERPRINTS: Final = 4_000_000


@dataclass(frozen=True)
class Sampling:
    """One of `every` examples is in the sample, and one of `fingerprint_every` different texts is watched for being said again."""

    every: int = 1
    fingerprint_every: int = 1

    @classmethod
    def of(cls, num_examples: int, num_characters: int) -> "Sampling":
        every = max(num_examples / MOST_EXAMPLES, num_characters / MOST_CHARACTERS)
        return cls(max(1, math.ceil(every)), max(1, math.ceil(num_examples / MOST_FINGERPRINTS)))

    def chosen(self) -> Iterator[int]:
        """Indices of the sample, rising without end: one by chance of each `every` neighbours, because data often have a rhythm."""
        chance = Random(20_261_122)
        first = 0
        while True:
            yield first + chance.randrange(self.every)
            first += self.every
