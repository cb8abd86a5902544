"""Thousands of requests made out of the API's own description, signed in and as a stranger. Prints how many, and every fault.

The small version is tests/system/test_described.py. `--times` counts requests, about; `--seed` says which: the same gives the same ones.
"""

from pathlib import Path

from tests.system.described import Findings, ask_everything, furnish
from tests.system.harness import running_server

_OPERATIONS = 100
_REQUESTS = 5_000


def run(folder: Path, *, times: int | None, seed: int) -> int:
    each = max(2, -(-(times or _REQUESTS) // 2 // _OPERATIONS))
    with running_server(folder / "data", hub="off", access_token_ttl_s="86400") as server:  # noqa: S106 - a time
        client = server.client()
        token = client.register()["access_token"]
        ids = furnish(client)
        runs = [ask_everything(server.url, token=who, ids=ids, cases_per_operation=each, start=seed) for who in (token, None)]
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
