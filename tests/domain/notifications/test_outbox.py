"""Messages arrive at least once, over failures, restarts and several servers; and none is sent that nobody wants."""

import threading
import time
from http.server import BaseHTTPRequestHandler

import pytest

from server.adapters.clock_system import SystemClock
from server.background.notifier import Notifier
from server.domain import keys
from server.ports.records import ABSENT, Put
from tests.domain.notifications.conftest import ADA, BOB, Desk

BACK_OFF_S = [5, 30, 300, 1800, 7200]


def left_in(desk: Desk, partition: str) -> int:
    return len(desk.records.page(partition).records)


def test_a_message_that_arrived_is_not_sent_again(desk: Desk) -> None:
    desk.wants(email=True)
    desk.job_ends()
    assert desk.notifier.round()
    desk.clock.pass_(days=1)
    assert not desk.notifier.round()
    assert (len(desk.receiver.calls), len(desk.office.messages)) == (1, 1)
    assert {(delivery.channel, delivery.state, delivery.num_attempts) for delivery in desk.deliveries()} == {
        ("email", "delivered", 1),
        ("webhook", "delivered", 1),
    }
    assert left_in(desk, keys.OUTBOX_PARTITION) == left_in(desk, keys.DELIVERIES_PARTITION) == 0


def test_a_refused_message_is_sent_again_later_under_the_same_id(desk: Desk) -> None:
    desk.wants()
    desk.job_ends()
    desk.receiver.will = [500, 503]
    for seconds in (0, 4, 1, 29, 1):
        desk.clock.pass_(seconds=seconds)
        desk.notifier.round()
    assert len(desk.receiver.calls) == 3
    assert {call.headers["webhook-id"] for call in desk.receiver.calls} == {desk.delivery().id}
    assert len({call.body for call in desk.receiver.calls}) == 1
    assert len({call.headers["webhook-timestamp"] for call in desk.receiver.calls}) == 3
    assert (desk.delivery().state, desk.delivery().num_attempts) == ("delivered", 3)


def test_a_receiver_that_does_not_answer_in_time_is_tried_again(desk: Desk) -> None:
    def sleep(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(1)

    desk.wants()
    desk.job_ends()
    desk.receiver.will = [sleep]
    desk.notifier.round()
    assert (desk.delivery().state, desk.delivery().num_attempts) == ("waiting", 1)
    assert "did not answer" in desk.delivery().message
    desk.clock.pass_(seconds=5)
    desk.notifier.round()
    assert desk.delivery().state == "delivered"


def test_after_the_last_wait_it_is_given_up_and_says_so(desk: Desk) -> None:
    desk.wants()
    desk.job_ends()
    desk.receiver.close()
    desk.notifier.round()
    for seconds in BACK_OFF_S:
        waiting = desk.delivery()
        assert waiting.next_attempt_at is not None
        assert (waiting.next_attempt_at - desk.clock.now()).total_seconds() == seconds
        desk.clock.pass_(seconds=seconds)
        desk.notifier.round()
    given_up = desk.delivery()
    assert (given_up.state, given_up.num_attempts, given_up.next_attempt_at) == ("failed", 1 + len(BACK_OFF_S), None)
    assert "nothing listens there" in given_up.message
    assert left_in(desk, keys.DELIVERIES_PARTITION) == 0


def test_a_receiver_that_wants_no_more_is_not_tried_again(desk: Desk) -> None:
    desk.wants()
    desk.job_ends()
    desk.receiver.will = [410]
    desk.notifier.round()
    assert desk.delivery().state == "failed"


@pytest.mark.parametrize(
    ("choice", "state"),
    [
        ({"webhook_url": None}, "succeeded"),
        ({"webhook_url": None, "states": ["failed", "succeeded", "cancelled"]}, "failed"),
        ({"email": True, "states": ["failed"]}, "succeeded"),
        ({"email": True, "states": []}, "failed"),
        ({"email": True}, "cancelled"),
    ],
)
def test_nothing_is_sent_that_was_not_chosen(desk: Desk, choice: dict[str, object], state: str) -> None:
    desk.wants(**choice)
    desk.job_ends(state)  # type: ignore[arg-type]
    desk.notifier.round()
    assert (desk.receiver.calls, desk.office.messages, desk.deliveries()) == ([], [], [])
    assert left_in(desk, keys.OUTBOX_PARTITION) == 0


def test_who_never_chose_gets_nothing(desk: Desk) -> None:
    desk.job_ends()
    desk.notifier.round()
    assert (desk.receiver.calls, desk.office.messages) == ([], [])


def test_what_is_turned_off_meanwhile_is_not_sent_any_more(desk: Desk) -> None:
    desk.wants(email=True)
    desk.job_ends()
    desk.service.expand()
    desk.wants(webhook_url=None)
    desk.notifier.round()
    assert (desk.receiver.calls, desk.office.messages) == ([], [])
    assert {delivery.state for delivery in desk.deliveries()} == {"failed"}


def test_an_address_that_is_mended_meanwhile_is_used(desk: Desk) -> None:
    desk.wants(webhook_url="http://127.0.0.1:9/")
    desk.job_ends()
    desk.notifier.round()
    desk.wants()
    desk.clock.pass_(seconds=5)
    desk.notifier.round()
    assert desk.delivery().state == "delivered"


def test_where_mail_is_not_set_up_the_delivery_says_what_is_missing(desk: Desk) -> None:
    bare = Desk(desk.records, desk.clock, desk.receiver, desk.office)
    bare.wants(email=True, webhook_url=None)
    bare.job_ends()
    bare.notifier.round()
    assert bare.delivery().state == "failed"
    assert "LLM_TUNER_SMTP_HOST" in bare.delivery().message


def test_an_account_that_is_gone_gets_no_mail(desk: Desk) -> None:
    desk.wants(email=True, webhook_url=None)
    desk.job_ends()
    desk.accounts.clear()
    desk.notifier.round()
    assert desk.office.messages == []
    assert desk.delivery().state == "failed"


def test_of_many_servers_one_sends_each_message(desk: Desk) -> None:
    desk = Desk(desk.records, SystemClock(), desk.receiver, desk.office)  # type: ignore[arg-type]  # time has to pass
    desk.wants()
    job_ids = {desk.job_ends() for _ in range(12)}
    notifiers = [Notifier(desk.another_server()) for _ in range(4)]

    def work(notifier: Notifier) -> None:
        for _ in range(12):
            notifier.round()

    threads = [threading.Thread(target=work, args=(notifier,)) for notifier in notifiers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(desk.receiver.calls) == len({call.headers["webhook-id"] for call in desk.receiver.calls}) == len(job_ids)


def test_what_a_dying_server_had_in_its_hands_is_sent_by_another(desk: Desk) -> None:
    desk.wants()
    desk.job_ends()
    desk.service.expand()
    (claim,) = desk.service.claim(8)  # And then it dies.
    other = desk.another_server()
    assert other.claim(8) == []
    desk.clock.pass_(minutes=3)
    Notifier(other).round()
    assert len(desk.receiver.calls) == 1
    assert desk.delivery().state == "delivered"
    desk.service.attempt(claim)  # It was only frozen, and comes back: sent twice, under one id, and counted once.
    assert desk.delivery().num_attempts == 1
    assert len({call.headers["webhook-id"] for call in desk.receiver.calls}) == 1


def test_one_owners_slow_receiver_does_not_hold_up_the_others(desk: Desk) -> None:
    desk.wants(ADA)
    desk.wants(BOB, webhook_url=desk.receiver.url + "/bob")
    for _ in range(20):
        desk.job_ends(owner=ADA)
    desk.job_ends(owner=BOB)
    desk.service.expand()
    owners = [claim.delivery.value.owner for claim in desk.service.claim(8)]
    assert owners == [ADA, ADA, BOB]


def test_a_clock_that_is_set_back_holds_up_nothing(desk: Desk) -> None:
    desk.wants()
    desk.job_ends()
    desk.service.expand()
    desk.clock.pass_(days=-30)
    desk.notifier.round()
    assert desk.delivery().state == "delivered"


def test_a_job_that_was_deleted_is_not_told_of(desk: Desk) -> None:
    desk.wants()
    desk.records.write(Put(keys.outbox("end-1"), {"owner": ADA, "job_id": "job-gone", "state": "failed"}, ABSENT))
    desk.notifier.round()
    assert (desk.receiver.calls, left_in(desk, keys.OUTBOX_PARTITION)) == ([], 0)


def test_an_entry_that_nobody_understands_holds_up_no_other(desk: Desk) -> None:
    desk.wants()
    desk.records.write(Put(keys.outbox("a-first"), {"nonsense": True}, ABSENT))
    desk.job_ends()
    desk.notifier.round()
    assert len(desk.receiver.calls) == 1
    assert left_in(desk, keys.OUTBOX_PARTITION) == 0


def test_only_the_latest_deliveries_are_kept_and_never_one_that_waits_is_lost(desk: Desk) -> None:
    desk.wants()
    job_ids = []
    for number in range(60):
        desk.receiver.will = [500] if number == 0 else []
        job_ids.append(desk.job_ends())
        desk.notifier.round()
    kept = desk.deliveries()
    assert len(kept) == 51
    assert [delivery.job_id for delivery in kept] == [*reversed(job_ids[10:]), job_ids[0]]


def test_a_stopping_notifier_does_not_wait_for_a_receiver_that_hangs(desk: Desk) -> None:
    asked = threading.Event()

    def hang(handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        time.sleep(0.3)

    desk.wants()
    desk.receiver.will = [hang]
    desk.notifier.start()
    desk.job_ends()
    desk.notifier.wake()
    assert asked.wait(10)
    started = time.monotonic()
    desk.notifier.stop()
    assert time.monotonic() - started < 5
    assert not [thread for thread in threading.enumerate() if thread.name == "notifier"]
