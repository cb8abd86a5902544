"""What a browser carries through a sign-in at a provider: one random value under our seal, from which everything secret is derived.

Nothing is stored on our side until the provider has answered, so that visitors who turn back leave nothing behind.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final, Literal

from server.errors import NotSignedIn
from server.ports.clock import Clock

FLOW_TTL_S: Final = 600
_MAX_CHARACTERS: Final = 400
_SHAPE: Final = re.compile(
    r"(?P<signed>(?P<id>[\w-]{43})\.(?P<at>\d{10})\.(?P<popup>[01])\.(?P<handover>[\w-]{16,64}))\.(?P<seal>[\w-]{43})", re.ASCII
)


@dataclass(frozen=True)
class Flow:
    """One way to the provider and back, in one browser. `handover` is the page's own mark, by which it knows its answer again."""

    id: str
    handover: str
    popup: bool
    state: str
    nonce: str
    code_verifier: str


class Seal:
    """`secret` is the installation's; what is made of it here is of no use anywhere else."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._key = hashlib.sha256(b"llm-tuner sign-in flow\0" + secret.encode()).digest()
        self._clock = clock

    def new(self, *, handover: str, popup: bool) -> tuple[str, Flow]:
        """The text for the browser's cookie, and what it stands for."""
        flow_id = secrets.token_urlsafe(32)
        signed = f"{flow_id}.{int(self._clock.now().timestamp())}.{int(popup)}.{handover}"
        return f"{signed}.{self._derived('seal', signed)}", self._flow(flow_id, handover, popup=popup)

    def opened(self, cookie: str | None) -> Flow:
        """Raises `NotSignedIn` for one that is missing, old, or not ours."""
        found = _SHAPE.fullmatch(cookie) if cookie and len(cookie) <= _MAX_CHARACTERS else None
        if found is None or not hmac.compare_digest(self._derived("seal", found["signed"]), found["seal"]):
            raise _lost()
        if not 0 <= self._clock.now().timestamp() - int(found["at"]) <= FLOW_TTL_S:
            raise _lost()
        return self._flow(found["id"], found["handover"], popup=found["popup"] == "1")

    def _flow(self, flow_id: str, handover: str, *, popup: bool) -> Flow:
        state, nonce, verifier = (self._derived(purpose, flow_id) for purpose in ("state", "nonce", "verifier"))
        return Flow(flow_id, handover, popup, state, nonce, verifier)

    def _derived(self, purpose: Literal["seal", "state", "nonce", "verifier"], text: str) -> str:
        digest = hmac.digest(self._key, f"{purpose}\0{text}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _lost() -> NotSignedIn:
    return NotSignedIn("This sign-in took too long, or began in another browser. Start again.", code="accounts.google_lost")
