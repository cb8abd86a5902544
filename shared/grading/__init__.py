"""How right an answer is: pure functions over texts, the same for whoever asks. No model and no file is touched here.

Called by the program that tests models; the server asks it beforehand whether a grader and its items can work.
"""

from shared.grading.checking import grader_problem, item_problem
from shared.grading.grading import Grade, graded, metric_of
from shared.grading.scores import expected_text, possible_texts, reads_probabilities, score_text

__all__ = [
    "Grade",
    "expected_text",
    "graded",
    "grader_problem",
    "item_problem",
    "metric_of",
    "possible_texts",
    "reads_probabilities",
    "score_text",
]
