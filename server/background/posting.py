"""Letters on their way: handed to the mail server on a thread of their own."""

import structlog

from server.background.errands import Errands
from server.domain.accounts.letters import Letter, Post
from server.ports.clock import Clock
from server.ports.messengers import Mail, Mailer

_log = structlog.get_logger()


def posting(mailer: Mailer, clock: Clock, later: Errands) -> Post:
    """Letters go out on a thread of their own: a mail server that dawdles holds nothing else up."""

    def post(letter: Letter) -> None:
        later(lambda: _send(mailer, Mail(clock.new_id("let"), letter.to, letter.subject, letter.text)))

    return post


def _send(mailer: Mailer, mail: Mail) -> None:
    outcome = mailer.send(mail)
    if not outcome.delivered:
        _log.warning("letter_not_sent", subject=mail.subject, reason=outcome.message)
