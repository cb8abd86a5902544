"""E-mail through a mail server (RFC 5321), encrypted unless the operator says otherwise."""

import smtplib
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cached_property
from typing import Final, Literal

from server.ports.clock import Clock
from server.ports.messengers import Mail, Outcome

_STEP_TIMEOUT_S: Final = 10.0
# 4xx asks for patience, 5xx says no (RFC 5321, 4.2.1).
_FINAL: Final = 500


@dataclass(frozen=True)
class MailServer:
    host: str | None = None
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = None
    sender: str | None = None


class SmtpMailer:
    """`trust` decides which certificates hold; left out, those of the system."""

    def __init__(self, server: MailServer, clock: Clock, *, trust: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._clock = clock
        self._given_trust = trust

    def missing(self) -> list[str]:
        needed = {"LLM_TUNER_SMTP_HOST": self._server.host, "LLM_TUNER_SMTP_FROM": self._server.sender}
        if self._server.user is not None:
            needed["LLM_TUNER_SMTP_PASSWORD"] = self._server.password
        return [name for name, value in needed.items() if not value]

    def send(self, mail: Mail) -> Outcome:
        try:
            message = self._message(mail)
        except ValueError:  # What cannot stand in a header is refused by the library, a line break first of all.
            return Outcome(False, "The address or the subject cannot stand in an e-mail.", final=True)
        try:
            with self._connected() as connection:
                connection.send_message(message)
        except smtplib.SMTPAuthenticationError:
            return Outcome(False, "The mail server does not take this server's user and password. Its operator has to mend that.")
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            return Outcome(False, f"The mail server refuses {mail.to} ({codes[0]}).", final=min(codes) >= _FINAL)
        except smtplib.SMTPResponseException as error:
            return Outcome(False, f"The mail server refuses the message ({error.smtp_code}).", final=error.smtp_code >= _FINAL)
        except smtplib.SMTPNotSupportedError:
            return Outcome(False, "The mail server lacks what this needs: encryption, or addresses beyond ASCII.", final=True)
        except ssl.SSLError:
            return Outcome(False, "The mail server's certificate cannot be trusted, or it does not encrypt on this port.")
        except (OSError, smtplib.SMTPException):
            return Outcome(False, "The mail server does not answer.")
        return Outcome(True, f"Delivered: the mail server took the message for {mail.to}.")

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        sender = Address("LLM Tuner", addr_spec=self._server.sender)
        message["From"] = sender
        message["To"] = Address(addr_spec=mail.to)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = f"<{mail.id}@{sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        return message

    def _connected(self) -> smtplib.SMTP:
        """Raises what smtplib raises. Never sends a password in the clear: without encryption none is sent at all."""
        host, port = str(self._server.host), self._server.port
        if self._server.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_STEP_TIMEOUT_S, context=self._trust)
        else:
            connection = smtplib.SMTP(host, port, timeout=_STEP_TIMEOUT_S)
        try:
            if self._server.security == "starttls":
                connection.starttls(context=self._trust)
            if self._server.user is not None and self._server.security != "none":
                connection.login(self._server.user, str(self._server.password))
        except BaseException:
            connection.close()
            raise
        return connection

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return self._given_trust or ssl.create_default_context()
