"""Two faces of one id: `file-X` is the document `doc-X`, `ftjob-X` the job `job-X`. What is no id of ours stays as it is: nothing has it.

Results have no record of their own: `file-results-X` is the table that the job `job-X` left.
"""

from datetime import datetime

_FACES = {"doc": "file-", "job": "ftjob-", "upl": "upload_", "prt": "part_"}
_RESULTS = "file-results-"


def shown(own_id: str) -> str:
    """`doc-X` as `file-X`, and so on."""
    kind, _, rest = own_id.partition("-")
    return _FACES[kind] + rest


def own(kind: str, there: str) -> str:
    """`file-X` as `doc-X`, and so on; our own spelling is understood as well."""
    face = _FACES[kind]
    return f"{kind}-{there.removeprefix(face)}" if there.startswith(face) else there


def results_of(job_id: str) -> str:
    return _RESULTS + job_id.removeprefix("job-")


def job_of_results(file_id: str) -> str | None:
    """The job whose results this file is; None for every other file."""
    return f"job-{file_id.removeprefix(_RESULTS)}" if file_id.startswith(_RESULTS) else None


def seconds(at: datetime) -> int:
    return int(at.timestamp())
