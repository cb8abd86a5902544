"""Whether a grader can work at all, and whether an item has what it needs: asked before anything runs, and answered in words."""

from shared.grading.grading import expected_number
from shared.grading.json_answers import pattern_problem, schema_problem
from shared.grading.scores import score_text
from shared.grading.texts import plain
from shared.wire.testing import ChoiceGrader, Grader, JsonSchemaGrader, NumericGrader, RegexGrader, ScoreGrader, TestItem


def grader_problem(grader: Grader) -> str | None:
    """What is wrong with the grader, for a person; None when it can be used."""
    match grader:
        case RegexGrader(pattern=str(pattern)) if found := pattern_problem(pattern):
            return f"The regular expression cannot be used. {found}"
        case JsonSchemaGrader(json_schema=schema) if found := schema_problem(schema):
            return f"The JSON schema cannot be used: {found}"
    return None


def item_problem(grader: Grader, item: TestItem) -> str | None:
    """Why this item cannot be graded, for a person; None when it can."""
    match grader:
        case JsonSchemaGrader():
            return None
        case RegexGrader(pattern=str()):
            return None
        case ScoreGrader():
            return _score_problem(grader, item)
        case NumericGrader():
            return None if expected_number(item) is not None else "It needs an expected number."
        case ChoiceGrader():
            known = {plain(choice, ignore_case=True) for choice in grader.choices}
            expected = plain(item.expected or "", ignore_case=True)
            return None if expected in known else "Its expected text is none of the choices."
    if not (item.expected or "").strip():
        return "It needs an expected text."
    if isinstance(grader, RegexGrader) and (found := pattern_problem(item.expected or "")):
        return f"Its expected text is to be a regular expression. {found}"
    return None


def _score_problem(grader: ScoreGrader, item: TestItem) -> str | None:
    score = expected_number(item)
    if score is None:
        return "It needs an expected score."
    if not grader.lowest <= score <= grader.highest:
        scale = f"{score_text(grader.lowest)} to {score_text(grader.highest)}"
        return f"Its expected score {score_text(score)} is not on the scale from {scale}."
    return None
