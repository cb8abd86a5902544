"""A web address of a user's choice is called, and nothing else: against a real receiver, with a name service that a test can turn."""

import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from server.adapters.network_reach import may_reach
from server.adapters.webhook_http import HttpWebhooks
from server.ports.messengers import MAX_ANSWER_BYTES
from tests.receivers import Receiver, certified, receiving

PUBLIC = "93.184.215.14"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def webhooks() -> HttpWebhooks:
    return HttpWebhooks(private_too=True, timeout_s=1.0)


class Names:
    """A name service. Each look-up takes the next answer; the last one stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_the_body_and_the_headers_arrive_as_they_are(receiver: Receiver, webhooks: HttpWebhooks) -> None:
    outcome = webhooks.call(receiver.url + "?a=1", {"content-type": "application/json", "webhook-id": "dlv-1"}, b'{"a": 1}')
    assert outcome.delivered
    (call,) = receiver.calls
    assert (call.path, call.body) == ("/hook?a=1", b'{"a": 1}')
    assert call.headers["webhook-id"] == "dlv-1"
    assert call.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize("status", [200, 204, 299])
def test_an_answer_of_success_is_a_delivery(receiver: Receiver, webhooks: HttpWebhooks, status: int) -> None:
    receiver.will = [status]
    assert webhooks.call(receiver.url, {}, b"{}").delivered


@pytest.mark.parametrize(("status", "final"), [(400, False), (404, False), (410, True), (500, False)])
def test_no_other_answer_is_and_one_says_never_again(receiver: Receiver, webhooks: HttpWebhooks, status: int, final: bool) -> None:
    receiver.will = [status]
    outcome = webhooks.call(receiver.url, {}, b"{}")
    assert (outcome.delivered, outcome.final) == (False, final)
    assert str(status) in outcome.message


def test_nobody_is_led_elsewhere(receiver: Receiver, webhooks: HttpWebhooks) -> None:
    def redirect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(307)
        handler.send_header("location", f"http://127.0.0.1:{receiver.port}/elsewhere")
        handler.send_header("content-length", "0")
        handler.end_headers()

    receiver.will = [redirect]
    outcome = webhooks.call(receiver.url, {}, b"{}")
    assert not outcome.delivered
    assert "leads elsewhere" in outcome.message
    assert [call.path for call in receiver.calls] == ["/hook"]


def test_an_answer_that_trickles_for_ever_ends_in_time(receiver: Receiver, webhooks: HttpWebhooks) -> None:
    def trickle(handler: BaseHTTPRequestHandler) -> None:
        for letter in b"HTTP/1.1 200 OK\r\nx-a: " + b"a" * 1000:
            handler.wfile.write(bytes([letter]))
            time.sleep(0.05)

    receiver.will = [trickle]
    started = time.monotonic()
    outcome = webhooks.call(receiver.url, {}, b"{}")
    assert not outcome.delivered
    assert "did not answer within 1 seconds" in outcome.message
    assert time.monotonic() - started < 3


def test_a_long_answer_is_read_to_its_limit_and_no_further(receiver: Receiver, webhooks: HttpWebhooks) -> None:
    sent = 0

    def pour(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.end_headers()
        for _ in range(4_000):
            sent += handler.wfile.write(b"x" * MAX_ANSWER_BYTES)

    receiver.will = [pour]
    assert webhooks.call(receiver.url, {}, b"{}").delivered
    time.sleep(0.1)
    assert sent < 500 * MAX_ANSWER_BYTES


def test_a_receiver_that_is_not_there_is_told_as_such(receiver: Receiver, webhooks: HttpWebhooks) -> None:
    receiver.close()
    outcome = webhooks.call(receiver.url, {}, b"{}")
    assert (outcome.delivered, outcome.final) == (False, False)
    assert "nothing listens there" in outcome.message


def test_what_does_not_speak_http_is_told_as_such(webhooks: HttpWebhooks, receiver: Receiver) -> None:
    def greet(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 mail.example.org ESMTP\r\n")

    receiver.will = [greet]
    assert "did not speak HTTP" in webhooks.call(receiver.url, {}, b"{}").message


def test_an_unknown_name_is_no_reason_to_refuse_an_address_but_to_fail_a_call() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    webhooks = HttpWebhooks(resolver=unknown)
    assert webhooks.refusal("https://hooks.example.org/") is None
    outcome = webhooks.call("https://hooks.example.org/", {}, b"{}")
    assert (outcome.delivered, outcome.final) == (False, False)
    assert "is not known" in outcome.message


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f000001:{port}/",
        "http://127.1:{port}/",
        "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://0.0.0.0:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
    ],
)
def test_a_private_address_is_neither_taken_nor_called_however_it_is_written(receiver: Receiver, url: str) -> None:
    webhooks = HttpWebhooks()
    address = url.format(port=receiver.port)
    assert "LLM_TUNER_WEBHOOKS_TO_PRIVATE_ADDRESSES" in (webhooks.refusal(address) or "")
    outcome = webhooks.call(address, {}, b"{}")
    assert (outcome.delivered, outcome.final) == (False, True)
    assert receiver.calls == []


def test_a_name_that_turns_private_after_it_was_checked_is_not_called(receiver: Receiver) -> None:
    names = Names([PUBLIC], ["127.0.0.1"])
    webhooks = HttpWebhooks(resolver=names)
    url = f"http://rebound.example.org:{receiver.port}/"
    assert webhooks.refusal(url) is None
    assert webhooks.call(url, {}, b"{}").final
    assert receiver.calls == []


def test_within_one_call_a_name_is_looked_up_once_so_that_it_cannot_turn_under_way(receiver: Receiver) -> None:
    names = Names(["127.0.0.1"], ["10.255.255.1"])
    webhooks = HttpWebhooks(private_too=True, resolver=names, timeout_s=2)
    assert webhooks.call(f"http://hooks.example.org:{receiver.port}/", {}, b"{}").delivered
    assert names.asked == ["hooks.example.org"]
    assert receiver.calls[0].headers["host"] == f"hooks.example.org:{receiver.port}"


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    assert HttpWebhooks(resolver=Names([PUBLIC, "10.0.0.1"])).refusal("https://hooks.example.org/") is not None


def test_where_the_first_address_is_dead_the_next_is_tried(receiver: Receiver) -> None:
    webhooks = HttpWebhooks(private_too=True, resolver=Names(["127.0.0.2", "127.0.0.1"]))
    assert webhooks.call(f"http://hooks.example.org:{receiver.port}/", {}, b"{}").delivered


def test_a_certificate_has_to_be_for_the_name_and_not_for_the_address(tmp_path: Path) -> None:
    certificate = certified(tmp_path, "hooks.example.org")
    webhooks = HttpWebhooks(private_too=True, resolver=Names(["127.0.0.1"]), trust=certificate.client)
    with receiving(certificate.server) as receiver:
        assert webhooks.call(f"https://hooks.example.org:{receiver.port}/", {}, b"{}").delivered
        outcome = webhooks.call(f"https://other.example.org:{receiver.port}/", {}, b"{}")
    assert not outcome.delivered
    assert "certificate cannot be trusted" in outcome.message


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    certificate = certified(tmp_path, "hooks.example.org")
    webhooks = HttpWebhooks(private_too=True, resolver=Names(["127.0.0.1"]))
    with receiving(certificate.server) as receiver:
        outcome = webhooks.call(f"https://hooks.example.org:{receiver.port}/", {}, b"{}")
        assert receiver.calls == []
    assert "certificate cannot be trusted" in outcome.message


def test_a_proxy_of_the_environment_is_not_asked(receiver: Receiver, webhooks: HttpWebhooks, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look names up by itself, and reach what we do not."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert webhooks.call(receiver.url, {}, b"{}").delivered


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_within_reach(address: str) -> None:
    assert may_reach(address, private_too=False)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "::1",
        "fc00::1",
        "fd12:3456::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
    ],
)
def test_private_addresses_are_within_reach_only_where_the_operator_says_so(address: str) -> None:
    assert not may_reach(address, private_too=False)
    assert may_reach(address, private_too=True)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.1.1",
        "168.63.129.16",
        "100.100.100.200",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "0.0.0.0",  # noqa: S104 - asked about, not listened on
        "::",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "240.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
    ],
)
@pytest.mark.parametrize("private_too", [False, True])
def test_metadata_and_what_is_no_single_machine_is_never_within_reach(address: str, private_too: bool) -> None:
    assert not may_reach(address, private_too=private_too)


def test_an_address_of_version_6_is_called_as_it_is() -> None:
    """Nothing listens there; what matters is that the address is understood on the whole way."""
    assert "nothing listens there" in HttpWebhooks(private_too=True).call("http://[::1]:9/", {}, b"{}").message
