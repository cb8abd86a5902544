"""Streams as their viewers get them: every line once and in order, one look at a job for all, nothing left behind by who goes."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from server import wiring
from server.domain.accounts.callers import Caller
from server.settings import Settings
from server.web import broadcast
from server.web.broadcast import Broadcasts
from shared.job_spec import EVENTS_FILE
from shared.trainer_events import LogEvent, ProgressEvent
from tests.system.planted import plant_jobs
from tests.web.conftest import EMAIL, PASSWORD

NOW = "2026-11-22T10:00:00Z"


def log_line(text: str) -> bytes:
    return LogEvent(seq=0, at=NOW, run_id="run-1", message=text).model_dump_json().encode() + b"\n"  # type: ignore[arg-type]


def step_line(step: int) -> bytes:
    rates = {"learning_rate": 0.1, "grad_norm": 1, "tokens_per_s": 5, "eta_s": 9, "memory_bytes": 1, "epoch": 0.1}
    event = ProgressEvent(seq=0, at=NOW, run_id="run-1", step=step, num_steps=99, loss=1.5, elapsed_s=step, **rates)  # type: ignore[arg-type]
    return event.model_dump_json().encode() + b"\n"


@dataclass
class House:
    """A server's services with one job that waits, and the log that a trainer would write."""

    services: wiring.Services
    broadcasts: Broadcasts
    caller: Caller
    refresh_token: str
    job: str
    log: Path

    def append(self, data: bytes) -> None:
        with self.log.open("ab") as file:
            file.write(data)

    def stream(self, after: int = 0) -> AsyncGenerator[bytes]:
        return self.broadcasts.stream(self.caller, self.job, after=after)


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    services = wiring.build(settings)
    signed_in = services.accounts.register(EMAIL, PASSWORD)
    caller = services.accounts.identify(signed_in.session.access_token)
    [job] = plant_jobs(settings.home, caller.user_id, 1, state="paused", num_lines=3)
    broadcasts = Broadcasts(services.jobs, services.live, services.accounts)
    yield House(services, broadcasts, caller, signed_in.refresh_token, job, settings.runs_folder / job / EVENTS_FILE)
    services.records.close()


@dataclass
class Event:
    name: str
    id: int
    data: dict[str, Any]


def parsed(text: bytes) -> list[Event]:
    """As a browser would read it; comments and the retry hint are not events."""
    events = []
    for block in text.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in fields:
            events.append(Event(fields["event"], int(fields["id"]), json.loads(fields["data"])))
    return events


async def until(stream: AsyncGenerator[bytes], enough: Callable[[list[Event]], bool], *, within_s: float = 5.0) -> list[Event]:
    """What the stream says until that is `enough`; everything it says when it ends before."""
    text = b""
    async with asyncio.timeout(within_s):
        async for piece in stream:
            text += piece
            if enough(parsed(text)):
                break
    return parsed(text)


async def to_its_end(stream: AsyncGenerator[bytes], *, within_s: float = 5.0) -> list[Event]:
    return await until(stream, lambda _: False, within_s=within_s)


def texts(events: list[Event]) -> list[str]:
    return [event.data["text"] for event in events if event.name == "log"]


def says(text: str) -> Callable[[list[Event]], bool]:
    return lambda events: text in texts(events)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_what_was_said_before_comes_first_and_what_is_said_then_follows(house: House) -> None:
    async def watch() -> None:
        stream = house.stream()
        before = await until(stream, lambda events: any(event.name == "job" for event in events))
        assert [event.data["cursor"] for event in before if event.name == "log"] == [event.id for event in before if event.name == "log"]
        assert len(texts(before)) == 3
        assert before[-1].data["id"] == house.job
        house.append(log_line("one") + log_line("two"))
        assert texts(await until(stream, says("two"))) == ["one", "two"]
        await stream.aclose()

    run(watch())


def test_from_any_id_the_stream_goes_on_with_the_very_next_line(house: House) -> None:
    async def watch() -> None:
        house.append(b"".join(log_line(f"line {number}") for number in range(20)))
        async with aclosing(house.stream()) as stream:
            whole = await until(stream, says("line 19"))
        logs = [event for event in whole if event.name == "log"]
        for index in range(0, len(logs), 5):
            async with aclosing(house.stream(after=logs[index].id)) as stream:
                assert texts(await until(stream, lambda events: any(event.name == "job" for event in events))) == texts(logs[index + 1 :])

    run(watch())


def test_half_a_line_waits_until_it_is_whole_and_comes_once(house: House) -> None:
    async def watch() -> None:
        line = log_line("whole now")
        stream, late = house.stream(), house.stream()
        await until(stream, lambda events: any(event.name == "job" for event in events))
        house.append(line[:30])
        await asyncio.sleep(3 * broadcast.LOOK_EVERY_S)
        assert "whole now" not in texts(await until(late, lambda events: any(event.name == "job" for event in events)))
        house.append(line[30:] + log_line("after"))
        for viewer in (stream, late):
            assert texts(await until(viewer, says("after"))) == ["whole now", "after"]
            await viewer.aclose()

    run(watch())


def test_no_point_is_lost_wherever_a_stream_is_cut(house: House) -> None:
    async def watch() -> None:
        house.append(b"".join(step_line(step) for step in range(10, 20)))
        async with aclosing(house.stream()) as stream:
            whole = await until(stream, lambda events: len(texts(events)) == 13)
        for cut in range(1, len(whole)):
            steps = {point["step"] for event in whole[:cut] if event.name == "metrics" for point in event.data["data"]}
            async with aclosing(house.stream(after=whole[cut - 1].id)) as stream:
                rest = await until(stream, lambda events: any(event.name == "job" for event in events))
            steps |= {point["step"] for event in rest if event.name == "metrics" for point in event.data["data"]}
            assert steps == {1, 2, 3, *range(10, 20)}, f"cut after {whole[cut - 1].name}"

    run(watch())


def test_many_viewers_share_one_look_and_get_the_same_bytes(house: House) -> None:
    async def watch() -> None:
        streams = [house.stream() for _ in range(50)]
        for stream in streams:
            await until(stream, lambda events: any(event.name == "job" for event in events))
        assert (house.broadcasts.num_viewers, house.broadcasts.num_watches) == (50, 1)
        house.append(log_line("for everybody"))
        pieces = {id(await anext(stream)) for stream in streams}
        assert len(pieces) == 1
        for stream in streams:
            await stream.aclose()

    run(watch())


def test_who_goes_leaves_nothing_behind(house: House) -> None:
    async def watch() -> None:
        tasks = len(asyncio.all_tasks())
        for _ in range(3):
            stream = house.stream()
            await until(stream, lambda events: any(event.name == "job" for event in events))
            await stream.aclose()
        assert house.broadcasts.num_viewers == 0
        await asyncio.sleep(broadcast.CALLERS_EVERY_S + broadcast.LOOK_EVERY_S + 0.2)
        assert house.broadcasts.num_watches == 0
        assert len(asyncio.all_tasks()) == tasks

    run(watch())


def test_who_does_not_keep_up_is_let_go_and_comes_back_without_a_gap(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "_MAX_WAITING", 5)

    async def watch() -> None:
        slow, quick = house.stream(), house.stream()
        seen = await until(slow, lambda events: any(event.name == "job" for event in events))
        await until(quick, lambda events: any(event.name == "job" for event in events))
        for number in range(10):
            house.append(log_line(f"line {number}"))
            assert texts(await until(quick, says(f"line {number}"))) == [f"line {number}"]
        assert texts(await to_its_end(slow)) == []
        assert house.broadcasts.num_viewers == 1
        async with aclosing(house.stream(after=seen[-1].id)) as again:
            assert texts(await until(again, says("line 9"))) == [f"line {number}" for number in range(10)]
        await quick.aclose()

    run(watch())


def test_signing_out_ends_the_stream_within_a_second(house: House) -> None:
    async def watch() -> None:
        stream = house.stream()
        await until(stream, lambda events: any(event.name == "job" for event in events))
        house.services.accounts.logout(house.refresh_token)
        assert not any(event.name == "end" for event in await to_its_end(stream, within_s=1.2))

    run(watch())


def test_when_the_job_is_over_every_line_was_given_and_the_end_is_told(house: House) -> None:
    async def watch() -> None:
        stream = house.stream()
        await until(stream, lambda events: any(event.name == "job" for event in events))
        house.append(log_line("the last words"))
        house.services.jobs.cancel(house.caller.user_id, house.job)
        events = await to_its_end(stream)
        assert texts(events) == ["the last words"]
        assert [event.name for event in events[-2:]] == ["job", "end"]
        assert events[-2].data["state"] == "cancelled"
        assert events[-1].id == house.log.stat().st_size

    run(watch())


def test_an_id_from_nowhere_does_no_harm(house: House) -> None:
    async def watch() -> None:
        stream, other = house.stream(after=10**9), house.stream()
        for viewer in (stream, other):
            await until(viewer, lambda events: any(event.name == "job" for event in events))
        house.append(log_line("one") + log_line("two"))
        for viewer in (stream, other):
            assert texts(await until(viewer, says("two"))) == ["one", "two"]
            await viewer.aclose()

    run(watch())


def test_a_server_that_goes_ends_its_streams_at_once_and_does_not_say_that_the_job_is_over(house: House) -> None:
    async def watch() -> None:
        stream = house.stream()
        await until(stream, lambda events: any(event.name == "job" for event in events))
        house.broadcasts.close()
        assert await to_its_end(stream, within_s=0.5) == []

    run(watch())
