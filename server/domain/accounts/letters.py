"""The letters that accounts send: their words, and the links in them. How a letter travels is `post`'s matter."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Letter:
    """Plain text."""

    to: str
    subject: str
    text: str


Post = Callable[[Letter], None]
_NOT_YOU = "If you did not ask for this, you need do nothing: the link works for nobody who does not have it."


class Letters:
    """`public_url` comes from the settings and never from a request: a link to wherever the asking browser says would be a gift to thieves.

    Tokens stand behind a `#`, which browsers keep to themselves: they reach no log on the way.
    """

    def __init__(self, post: Post | None, *, public_url: str) -> None:
        self._post = post
        self._public_url = public_url.rstrip("/")

    @property
    def configured(self) -> bool:
        return self._post is not None

    def link(self, page: str, token: str) -> str:
        return f"{self._public_url}/{page}#token={quote(token, safe='')}"

    def send_reset(self, to: str, token: str) -> None:
        link = self.link("reset-password", token)
        self._send(
            to,
            "Choose a new password",
            f"Somebody, probably you, asked for a new password for LLM Tuner.\n\n{link}\n\nThe link works once and for an hour. {_NOT_YOU}",
        )

    def send_verification(self, to: str, token: str) -> None:
        link = self.link("verify-email", token)
        self._send(
            to,
            "Confirm your e-mail address",
            f"Open this link to confirm that {to} is yours:\n\n{link}\n\nIt works for three days. {_NOT_YOU}",
        )

    def send_new_address(self, to: str, token: str) -> None:
        link = self.link("verify-email", token)
        self._send(
            to,
            "Confirm your new e-mail address",
            f"Somebody, probably you, wants to use {to} for an account of LLM Tuner. Open this link to confirm it:\n\n{link}\n\n"
            f"It works for three days. {_NOT_YOU}",
        )

    def send_invitation(self, to: str, code: str) -> None:
        self._send(
            to, "You are invited to LLM Tuner", f"You can make an account here:\n\n{self.link('register', code)}\n\nThe link works once."
        )

    def send_notice(self, to: str, what: str) -> None:
        """Tells of a change that its owner should know of even when somebody else made it."""
        self._send(
            to,
            f"Your LLM Tuner account: {what}",
            f"Your account: {what}.\n\nIf that was not you, choose a new password at once ({self._public_url}/forgot-password) and look "
            "through the security log of your account.",
        )

    def _send(self, to: str, subject: str, text: str) -> None:
        if self._post is not None:
            self._post(Letter(to, subject, text))
