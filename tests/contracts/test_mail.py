"""E-mail against a real mail server on this machine."""

from pathlib import Path

import pytest

from server.adapters.clock_system import SystemClock
from server.adapters.mail_smtp import MailServer, SmtpMailer
from server.ports.messengers import Mail
from tests.receivers import certified, post_office

MAIL = Mail("dlv-1", "ada@example.org", "“Kettle” has succeeded", "Your job has succeeded.\n\nhttp://localhost:5000/jobs/job-1\n")


def mailer(port: int, **settings: object) -> SmtpMailer:
    given = {"security": "none", **settings}
    server = MailServer(host="localhost", port=port, sender="tuner@example.org", **given)  # type: ignore[arg-type]
    return SmtpMailer(server, SystemClock())


def test_a_message_arrives_whole() -> None:
    with post_office() as office:
        outcome = mailer(office.port).send(MAIL)
    assert outcome.delivered, outcome.message
    (message,) = office.messages
    assert office.recipients == [["ada@example.org"]]
    assert (message["to"], message["from"]) == ("ada@example.org", "LLM Tuner <tuner@example.org>")
    assert message["subject"] == MAIL.subject
    assert message["message-id"] == "<dlv-1@example.org>"
    assert message["auto-submitted"] == "auto-generated"
    assert message.get_content().splitlines() == MAIL.text.splitlines()


@pytest.mark.parametrize("field", ["subject", "to"])
def test_no_header_can_be_smuggled_in(field: str) -> None:
    words = {"id": "dlv-1", "to": "ada@example.org", "subject": "Hello", "text": "Hello"}
    with post_office() as office:
        outcome = mailer(office.port).send(Mail(**{**words, field: f"{words[field]}\r\nBcc: eve@example.org"}))
    assert (outcome.delivered, outcome.final) == (False, True)
    assert office.messages == []


def test_the_way_is_encrypted_and_the_server_is_who_it_says(tmp_path: Path) -> None:
    certificate = certified(tmp_path, "localhost")
    with post_office(certificate.server, user=("tuner", "open sesame")) as office:
        settings = MailServer("localhost", office.port, "starttls", "tuner", "open sesame", "tuner@example.org")
        assert SmtpMailer(settings, SystemClock(), trust=certificate.client).send(MAIL).delivered
        outcome = SmtpMailer(settings, SystemClock()).send(MAIL)
    assert (office.was_encrypted, office.signed_in) == ([True], ["tuner"])
    assert "certificate cannot be trusted" in outcome.message


def test_a_wrong_password_is_the_operators_business_and_may_be_mended(tmp_path: Path) -> None:
    certificate = certified(tmp_path, "localhost")
    with post_office(certificate.server, user=("tuner", "open sesame")) as office:
        settings = MailServer("localhost", office.port, "starttls", "tuner", "wrong", "tuner@example.org")
        outcome = SmtpMailer(settings, SystemClock(), trust=certificate.client).send(MAIL)
    assert (outcome.delivered, outcome.final) == (False, False)
    assert "operator" in outcome.message


def test_a_server_that_does_not_encrypt_gets_no_message() -> None:
    with post_office() as office:
        outcome = mailer(office.port, security="starttls").send(MAIL)
    assert (outcome.delivered, office.messages) == (False, [])
    assert "encryption" in outcome.message


@pytest.mark.parametrize(("answer", "final"), [("550 no such user", True), ("450 try again later", False)])
def test_a_refused_recipient_is_final_only_where_the_server_says_so(answer: str, final: bool) -> None:
    with post_office() as office:
        office.refuse = answer
        outcome = mailer(office.port).send(MAIL)
    assert (outcome.delivered, outcome.final) == (False, final)
    assert answer[:3] in outcome.message


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with post_office() as office:
        port = office.port
    outcome = mailer(port).send(MAIL)
    assert (outcome.delivered, outcome.final) == (False, False)


def test_what_is_missing_is_named_by_its_setting() -> None:
    assert SmtpMailer(MailServer(), SystemClock()).missing() == ["LLM_TUNER_SMTP_HOST", "LLM_TUNER_SMTP_FROM"]
    assert SmtpMailer(MailServer(host="a", sender="b@c.org", user="d"), SystemClock()).missing() == ["LLM_TUNER_SMTP_PASSWORD"]
    assert SmtpMailer(MailServer(host="a", sender="b@c.org"), SystemClock()).missing() == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # such a server is what this is about
def test_a_password_never_goes_over_an_open_line() -> None:
    with post_office(user=("tuner", "open sesame")) as office:
        outcome = mailer(office.port, user="tuner", password="open sesame").send(MAIL)
    assert (outcome.delivered, office.signed_in) == (False, [])
