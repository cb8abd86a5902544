"""`test` and `pull`: what is done with a tuned model."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any, Final

from server.commands.connection import Connection, Trouble, connected

_LOOK_EVERY_S: Final = 0.5
_LIVE: Final = frozenset({"queued", "running"})
_VERDICTS: Final = {"improved": "IMPROVED", "no_change": "NO CHANGE", "regressed": "REGRESSED"}


def test(arguments: argparse.Namespace) -> int:
    """Prints the verdict. Ends well whatever it is: a regression that was measured is a result."""
    with connected() as connection:
        test_set = _test_set(connection, arguments.test_set)
        evaluation = connection.post("/api/evaluations", test_set_id=test_set, tuned_model_ids=[arguments.model])
        while evaluation["state"] in _LIVE:
            time.sleep(_LOOK_EVERY_S)
            evaluation = connection.get(f"/api/evaluations/{evaluation['id']}")
    if evaluation["state"] != "succeeded":
        error = evaluation["error"]
        print(f"The test has {evaluation['state']}{'' if error is None else ': ' + error['message']}", file=sys.stderr)
        return 1
    for comparison in evaluation["results"]["comparisons"]:
        verdict = comparison["without_leaks"] or comparison["verdict"]
        print(f"{_VERDICTS[verdict['verdict']]}  {_change(verdict)}\n{verdict['trust']}")
    return 0


def pull(arguments: argparse.Namespace) -> int:
    """The file appears when it is whole."""
    target = arguments.to or Path(f"{arguments.model.replace(':', '-').replace('/', '-')}.zip")
    partial = target.with_name(f"{target.name}.partial")
    try:
        address = f"/api/tuned-models/{arguments.model}/download"
        with connected() as connection, connection.download(address) as answer, partial.open("wb") as file:
            for chunk in answer.iter_bytes():
                file.write(chunk)
        partial.replace(target)
    except OSError as error:
        raise Trouble(f"{target} cannot be written: {error.strerror}.") from None
    finally:
        partial.unlink(missing_ok=True)
    print(target)
    return 0


def _test_set(connection: Connection, named: str) -> str:
    file = Path(named)
    if not file.is_file():
        return named
    document = connection.send_file("/api/documents", file)
    return str(connection.post("/api/test-sets", document_id=document["id"])["id"])


def _change(verdict: dict[str, Any]) -> str:
    interval = verdict["interval"]
    return (
        f"{verdict['base']:.3g} to {verdict['tuned']:.3g} ({verdict['difference']:+.3g}, between {interval['low']:+.3g} and "
        f"{interval['high']:+.3g}), {verdict['num_items']} items"
    )
