"""Turns a file that somebody uploaded into examples, streaming and in constant memory; says line and reason where it cannot.

Used by the server (in a child process of its own, `python -m shared.reading`) and by the trainer, so it imports little and lazily.
What a model sees of an example is the business of `shared.rendering`.
"""

from shared.reading.examples import Example, Message, ReadProblem, shape_of
from shared.reading.inspection import Inspection, inspect, read_examples
from shared.reading.shaping import MIXED_WITH_PAIRS

__all__ = ["MIXED_WITH_PAIRS", "Example", "Inspection", "Message", "ReadProblem", "inspect", "read_examples", "shape_of"]
