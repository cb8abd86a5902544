"""One POST to addresses that were judged before: no redirects, no proxy, no look-up, bounded in time and size. Loaded when first needed."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from typing import Final

import httpx

from server.ports.messengers import MAX_ANSWER_BYTES, Outcome

_GONE: Final = 410


def usual_trust() -> ssl.SSLContext:
    """The usual authorities, and those that this machine's own store adds."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


def post(
    url: str, addresses: Sequence[str], headers: Mapping[str, str], body: bytes, *, trust: ssl.SSLContext, timeout_s: float
) -> Outcome:
    """Tries the addresses in their order until one can be connected to."""
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL:
        return Outcome(False, "This is not a web address. It should look like https://example.org/hooks/llm-tuner.", final=True)
    try:
        return asyncio.run(_within_time(target, addresses, headers, body, trust=trust, timeout_s=timeout_s))
    except (TimeoutError, httpx.TimeoutException):
        return Outcome(False, f"{target.host} did not answer within {timeout_s:g} seconds.")
    except httpx.ConnectError as error:
        reason = "its certificate cannot be trusted" if _is_about_certificates(error) else "nothing listens there"
        return Outcome(False, f"{target.host} could not be connected to: {reason}.")
    except httpx.HTTPError:
        return Outcome(False, f"{target.host} broke off the connection, or did not speak HTTP.")


async def _within_time(
    target: httpx.URL, addresses: Sequence[str], headers: Mapping[str, str], body: bytes, *, trust: ssl.SSLContext, timeout_s: float
) -> Outcome:
    # Half of the time for one connection, so that a second address gets its turn.
    patience = httpx.Timeout(timeout_s, connect=timeout_s / 2)
    # One bound over everything: an answer that trickles passes every time-out of its single steps.
    async with asyncio.timeout(timeout_s), httpx.AsyncClient(verify=trust, trust_env=False, timeout=patience) as client:
        for address in addresses[:-1]:
            try:
                return await _posted(client, target, address, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await _posted(client, target, addresses[-1], headers, body)


async def _posted(client: httpx.AsyncClient, target: httpx.URL, address: str, headers: Mapping[str, str], body: bytes) -> Outcome:
    """The request goes to the address itself; the host stays in the header and in the certificate that is asked for."""
    request = client.build_request(
        "POST",
        target.copy_with(host=address),
        headers={**headers, "host": target.netloc.decode()},
        content=body,
        extensions={"sni_hostname": target.raw_host.decode()},
    )
    response = await client.send(request, stream=True, follow_redirects=False)
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


def _is_about_certificates(error: BaseException | None) -> bool:
    """httpx wraps the reason twice."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
