"""Calls web addresses that users chose: a name is looked up once, its addresses are judged, and one of those is connected to."""

import ssl
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from server.adapters.network_reach import Resolver, may_reach, resolve
from server.ports.messengers import MAX_CALL_S, Outcome

_MAX_ADDRESSES: Final = 4
_REFUSED: Final = (
    "{host} leads to a private address, where this server sends nothing. Enter an address that is reachable from the internet. "
    "The operator can allow private ones with LLM_TUNER_WEBHOOKS_TO_PRIVATE_ADDRESSES."
)


class HttpWebhooks:
    """`private_too` allows the loopback and private networks. `resolver` and `trust` are the system's; tests bring their own."""

    def __init__(
        self,
        *,
        private_too: bool = False,
        resolver: Resolver = resolve,
        timeout_s: float = MAX_CALL_S,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._private_too = private_too
        self._resolver = resolver
        self._timeout_s = timeout_s
        self._trust = trust

    def refusal(self, url: str) -> str | None:
        host, port = _place(url)
        try:
            self._addresses(host, port)
        except PermissionError:
            return _REFUSED.format(host=host)
        except (OSError, UnicodeError):
            return None
        return None

    def call(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        # Late: few installations call anybody, and the client takes longer to load than half of the server.
        from server.adapters.webhook_post import post, usual_trust

        host, port = _place(url)
        try:
            addresses = self._addresses(host, port)
        except PermissionError:
            return Outcome(False, _REFUSED.format(host=host), final=True)
        except (OSError, UnicodeError):
            return Outcome(False, f"The name {host} is not known. Check the address.")
        if self._trust is None:
            self._trust = usual_trust()
        return post(url, addresses, headers, body, trust=self._trust, timeout_s=self._timeout_s)

    def _addresses(self, host: str, port: int) -> list[str]:
        """Where the name leads now. Raises `PermissionError` when one of the addresses is out of bounds, `OSError` for an unknown name."""
        found = self._resolver(host, port)
        if not all(may_reach(address, private_too=self._private_too) for address in found):
            raise PermissionError(host)
        if not found:
            raise OSError("no address")
        return list(dict.fromkeys(found))[:_MAX_ADDRESSES]


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
