"""The server against its own description, with requests made out of it; thousands of them by `scripts/chaos_schema.py`."""

import pytest

from tests.system.described import ask_everything, furnish
from tests.system.harness import Server


@pytest.mark.parametrize("who", ["somebody signed in", "a stranger"])
def test_every_answer_is_one_that_the_description_allows(server: Server, who: str) -> None:
    client = server.client()
    token = client.register(f"{who.replace(' ', '-')}@example.org")["access_token"]
    ids = furnish(client)
    findings = ask_everything(server.url, token=token if who == "somebody signed in" else None, ids=ids, cases_per_operation=2)
    assert findings.faults == {}
    assert findings.num_cases > 100
    assert 200 in findings.statuses
