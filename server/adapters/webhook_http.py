"""Calls web addresses that users chose and is led nowhere else: judged addresses, no redirects, no proxy, bounded in time and size."""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cached_property
from typing import Final

import httpx

from server.adapters.network_reach import Resolver, may_reach, resolve
from server.ports.messengers import MAX_ANSWER_BYTES, MAX_CALL_S, Outcome

_GONE: Final = 410
_MAX_ADDRESSES: Final = 4
_NO_ADDRESS: Final = "This is not a web address. It should look like https://example.org/hooks/llm-tuner."
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
        self._given_trust = trust

    def refusal(self, url: str) -> str | None:
        try:
            target = httpx.URL(url)
            self._addresses(target)
        except httpx.InvalidURL:
            return _NO_ADDRESS
        except PermissionError:
            return _REFUSED.format(host=target.host)
        except (OSError, UnicodeError):
            return None
        return None

    def call(self, url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        try:
            target = httpx.URL(url)
            addresses = self._addresses(target)
        except httpx.InvalidURL:
            return Outcome(False, _NO_ADDRESS, final=True)
        except PermissionError:
            return Outcome(False, _REFUSED.format(host=target.host), final=True)
        except (OSError, UnicodeError):
            return Outcome(False, f"The name {target.host} is not known. Check the address.")
        try:
            return asyncio.run(self._within_time(target, addresses, headers, body))
        except (TimeoutError, httpx.TimeoutException):
            return Outcome(False, f"{target.host} did not answer within {self._timeout_s:.0f} seconds.")
        except httpx.ConnectError as error:
            reason = "its certificate cannot be trusted" if _is_about_certificates(error) else "nothing listens there"
            return Outcome(False, f"{target.host} could not be connected to: {reason}.")
        except httpx.HTTPError:
            return Outcome(False, f"{target.host} broke off the connection, or did not speak HTTP.")

    def _addresses(self, target: httpx.URL) -> list[str]:
        """Where the name leads now. Raises `PermissionError` when one of the addresses is out of bounds, `OSError` for an unknown name."""
        found = self._resolver(target.raw_host.decode(), _port(target))
        if not all(may_reach(address, private_too=self._private_too) for address in found):
            raise PermissionError(target.host)
        if not found:
            raise OSError("no address")
        return list(dict.fromkeys(found))[:_MAX_ADDRESSES]

    async def _within_time(self, target: httpx.URL, addresses: list[str], headers: Mapping[str, str], body: bytes) -> Outcome:
        # One bound over everything: an answer that trickles passes every time-out of its single steps.
        async with asyncio.timeout(self._timeout_s):
            # Half of it for one connection, so that a second address gets its turn.
            patience = httpx.Timeout(self._timeout_s, connect=self._timeout_s / 2)
            async with httpx.AsyncClient(verify=self._trust, trust_env=False, follow_redirects=False, timeout=patience) as client:
                for address in addresses[:-1]:
                    try:
                        return await _posted(client, target, address, headers, body)
                    except (httpx.ConnectError, httpx.ConnectTimeout):
                        continue
                return await _posted(client, target, addresses[-1], headers, body)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        """The usual authorities, and those that this machine's own store adds."""
        if self._given_trust is not None:
            return self._given_trust
        context = httpx.create_ssl_context(trust_env=False)
        context.load_default_certs()
        return context


async def _posted(client: httpx.AsyncClient, target: httpx.URL, address: str, headers: Mapping[str, str], body: bytes) -> Outcome:
    """The request goes to the address itself; the host stays in the header and in the certificate that is asked for."""
    request = client.build_request(
        "POST",
        target.copy_with(host=address),
        headers={**headers, "host": target.netloc.decode()},
        content=body,
        extensions={"sni_hostname": target.raw_host.decode()},
    )
    response = await client.send(request, stream=True)
    try:
        num_bytes = 0
        async for chunk in response.aiter_raw():
            num_bytes += len(chunk)
            if num_bytes > MAX_ANSWER_BYTES:
                break
    finally:
        await response.aclose()
    return _meaning(target.host, response.status_code)


def _meaning(host: str, status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(True, f"Delivered: {host} answered {status}.")
    if 300 <= status < 400:
        return Outcome(False, f"{host} answered {status}, which leads elsewhere. Enter the address where messages are to end.")
    if status == _GONE:
        return Outcome(False, f"{host} answered 410: it wants no more messages at this address.", final=True)
    return Outcome(False, f"{host} answered {status} and not with success.")


def _port(target: httpx.URL) -> int:
    return target.port or (443 if target.scheme == "https" else 80)


def _is_about_certificates(error: BaseException | None) -> bool:
    """httpx wraps the reason twice."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
