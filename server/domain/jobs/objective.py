"""What a job learns from its data: what they say, or which answer of a pair is preferred."""

from server.domain.datasets.service import Material
from server.errors import Detail, InvalidInput
from shared.auto_settings import BaseFacts, resolve_objective
from shared.constants import Objective
from shared.reading import MIXED_WITH_PAIRS
from shared.wire import Document

_NAMES = {"text": "text", "prompt_completion": "question with an answer", "messages": "conversation", "preference": "preference pair"}


def objective_of(asked: str, material: Material, base: BaseFacts) -> Objective:
    """Raises `InvalidInput` where it cannot be learned from these data; the details name documents, and lines where they are known."""
    pairs = sum(document.shapes.get("preference", 0) for document in material.all)
    others = sum(count for document in material.all for shape, count in document.shapes.items() if shape != "preference")
    if asked != "supervised" and pairs and others:
        raise InvalidInput(
            f"The data mix {_counted(pairs, 'preference pair')} with {_counted(others, 'other example')}. A job learns from pairs or from "
            'examples: put them into documents of their own, or set the objective to "supervised" to learn the preferred answers alone.',
            code="jobs.mixed_kinds",
            param="document_ids",
            details=[detail for document in material.all for detail in _details(document)],
        )
    if asked == "preference" and not pairs:
        raise InvalidInput(
            'Preference tuning learns from pairs: {"prompt", "chosen", "rejected"} or {"input", "preferred_output", '
            '"non_preferred_output"} on each line. These data hold none.',
            code="jobs.no_pairs",
            param="objective",
            details=[detail for document in material.all for detail in _details(document)],
        )
    return resolve_objective(asked, pairs_only=bool(pairs) and not others, base=base)


def _details(document: Document) -> list[Detail]:
    """The lines at which the kinds change inside a document, or what all of it holds."""
    lines = [warning for warning in document.warnings if MIXED_WITH_PAIRS in warning.message]
    if lines:
        return [Detail(f"{document.name}: {one.message}", line=one.line, member=one.member, fix=one.fix) for one in lines]
    held = " and ".join(_counted(count, _NAMES[shape]) for shape, count in document.shapes.items())
    return [Detail(f"{document.name} holds {held or 'nothing'}.")]


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' if count != 1 else ''}"
