"""Thousands of requests made out of the API's own description, signed in and as a stranger. Prints how many, and every fault.

`python scripts/chaos_schema.py [--cases 5000] [--start 0]`; the small version is tests/system/test_described.py.
"""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import prepare  # noqa: E402 - the line above makes this possible

prepare.continue_in_environment()

from tests.system.described import Findings, ask_everything, furnish  # noqa: E402 - the line above makes these possible
from tests.system.harness import running_server  # noqa: E402

_OPERATIONS = 60


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Ask the server everything that its description allows, and more.")
    parser.add_argument("--cases", type=int, default=5_000, help="requests in all, about")
    parser.add_argument("--start", type=int, default=0, help="which requests; the same number gives the same ones")
    arguments = parser.parse_args(words)
    each = max(2, arguments.cases // 2 // _OPERATIONS)
    with (
        tempfile.TemporaryDirectory(prefix="llm-tuner-schema-") as folder,
        running_server(Path(folder) / "data", hub="off", access_token_ttl_s="86400") as server,  # noqa: S106 - a time
    ):
        client = server.client()
        token = client.register()["access_token"]
        ids = furnish(client)
        runs = [ask_everything(server.url, token=who, ids=ids, cases_per_operation=each, start=arguments.start) for who in (token, None)]
        failed = server.log.read_text().count("request_failed")
    return _told(runs, failed)


def _told(runs: list[Findings], failed: int) -> int:
    faults = {name: example for run in runs for name, example in run.faults.items()}
    for name, example in faults.items():
        print(f"{name}\n{example}\n")
    statuses = {status: sum(run.statuses[status] for run in runs) for run in runs for status in sorted(run.statuses)}
    print(f"Statuses: {statuses}")
    print(f"{sum(run.num_cases for run in runs)} requests: {len(faults)} kinds of fault, {failed} unexpected errors in the log")
    return 1 if faults or failed else 0


if __name__ == "__main__":
    sys.exit(main())
