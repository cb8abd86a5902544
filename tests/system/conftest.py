"""Servers and data for the system tests. Each fixture's folder is its own, so tests do not see each other's accounts."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.harness import Client, Server, running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for a module's tests. The hub is off: nothing here may depend on a network."""
    with running_server(tmp_path_factory.mktemp("system") / "data", hub="off", trainer_threads="1") as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> Client:
    client = server.client()
    client.register()
    return client


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(scope="session")
def small_text() -> bytes:
    """Sixty paragraphs of an invented ship's log: regular enough that a minute of training learns something from it."""
    chance = random.Random(7)
    weather, sights = ["calm", "fresh", "stormy", "hazy"], ["a heron", "two barges", "the ferry", "a grey seal", "nothing at all"]
    days = [
        f"Day {day}. The sea was {chance.choice(weather)} in the morning and {chance.choice(weather)} at night. "
        f"We saw {chance.choice(sights)} off the point, lit the lamp at {chance.randint(4, 9)} o'clock and went to bed."
        for day in range(1, 61)
    ]
    return "\n\n".join(days).encode()
