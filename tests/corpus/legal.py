"""At least 120 files that are nasty but legal, each with what must be made of it without anybody's help."""

from tests.corpus import legal_documents, legal_rows, legal_text
from tests.corpus.cases import Legal


def legal_files() -> list[Legal]:
    makers = (*legal_text.MAKERS, *legal_rows.MAKERS, *legal_documents.MAKERS)
    files = [case for maker in makers for case in maker()]
    assert len({(case.format, case.name) for case in files}) == len(files), "names are what a failing test is known by"
    return files
