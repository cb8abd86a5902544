"""What is said about the end of a job, and how it is signed."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from server.domain.notifications.messages import one_line
from tests.domain.notifications.conftest import ADA, Desk
from tests.receivers import Call


def signature_by_the_letter(secret: str, call: Call) -> str:
    """Standard Webhooks 1.0, "Signature scheme", without the library that made it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def test_a_webhook_says_what_became_of_the_job(desk: Desk) -> None:
    desk.wants()
    job_id = desk.job_ends()
    desk.notifier.round()
    (call,) = desk.receiver.calls
    assert call.headers["content-type"] == "application/json"
    assert json.loads(call.body) == {
        "type": "job.succeeded",
        "timestamp": "2026-11-22T10:00:00Z",
        "data": {
            "id": job_id,
            "name": "Kettle",
            "state": "succeeded",
            "base_model": "smollm2-135m-instruct",
            "tuned_model": "ft:smollm2:ada:kettle:abcdefgh",
            "error": None,
            "url": f"https://tuner.example.org/jobs/{job_id}",
        },
    }


def test_a_failed_job_says_why(desk: Desk) -> None:
    desk.wants(email=True)
    desk.job_ends("failed")
    desk.notifier.round()
    payload = json.loads(desk.receiver.calls[0].body)
    assert payload["type"] == "job.failed"
    assert payload["data"]["error"] == {"code": "nan_loss", "message": "The loss is not a number."}
    (message,) = desk.office.messages
    assert message["subject"] == "“Kettle” has failed"
    assert "Use 1e-4." in message.get_content()
    assert "https://tuner.example.org/jobs/" in message.get_content()


def test_the_signature_is_that_of_the_specification(desk: Desk) -> None:
    secret = desk.wants()
    assert secret is not None
    desk.job_ends(name="Wasserkocher – für Ünïcode ☕")
    desk.notifier.round()
    (call,) = desk.receiver.calls
    assert call.headers["webhook-signature"] == signature_by_the_letter(secret, call)
    assert call.headers["webhook-timestamp"] == str(int(desk.clock.now().timestamp()))
    assert call.headers["webhook-id"] == desk.delivery().id


def test_a_receiver_with_the_published_library_believes_it_and_no_other_secret(desk: Desk) -> None:
    secret = desk.wants()
    assert secret is not None
    desk.clock.pass_(seconds=(datetime.now(UTC) - desk.clock.now()).total_seconds())  # The library asks the machine's clock.
    desk.job_ends()
    desk.notifier.round()
    (call,) = desk.receiver.calls
    assert Webhook(secret).verify(call.body, call.headers)["type"] == "job.succeeded"
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(b"x" * 32).decode()).verify(call.body, call.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(call.body.replace(b"Kettle", b"Kittle"), call.headers)


def test_for_a_day_a_message_is_signed_by_the_old_secret_too(desk: Desk) -> None:
    old = desk.wants()
    assert old is not None
    new = desk.service.new_secret(ADA).secret
    for hours in (0, 23, 2):
        desk.clock.pass_(hours=hours)
        desk.job_ends()
        desk.notifier.round()
    now, within_the_day, after_it = desk.receiver.calls
    for call in (now, within_the_day):
        assert call.headers["webhook-signature"].split() == [signature_by_the_letter(secret, call) for secret in (new, old)]
    assert after_it.headers["webhook-signature"] == signature_by_the_letter(new, after_it)


def test_a_name_cannot_add_a_header_or_a_line(desk: Desk) -> None:
    desk.wants(email=True, webhook_url=None)
    desk.job_ends(name="Kettle\r\nBcc: eve@example.org\r\n\r\nGive me your password")
    desk.notifier.round()
    (message,) = desk.office.messages
    assert message["bcc"] is None
    assert desk.office.recipients == [["ada@example.org"]]
    assert message["subject"] == "“Kettle Bcc: eve@example.org Give me your password” has succeeded"


@pytest.mark.parametrize(
    ("name", "line"), [("a\nb", "a b"), ("\x00\x1b[31mred\x7f", "[31mred"), ("  a   b ", "a b"), ("x\u2028y\u202ez", "x y z")]
)
def test_a_name_fits_one_line(name: str, line: str) -> None:
    assert one_line(name) == line
