"""The server at `--url`, as the world sees it: answers, headers, TLS, and what a proxy before it does to them."""

import socket
import ssl
import time
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import httpx

from server.operating.checks.findings import Finding, Place, check, green, red, skipped, yellow
from server.settings import VERSION

_PATIENCE_S: Final = 5.0
_HEADERS: Final = {
    "content-security-policy": "frame-ancestors",
    "x-content-type-options": "nosniff",
    "referrer-policy": "",
    "cross-origin-opener-policy": "same-origin",
}
_NO_URL: Final = "No --url was given."


@check("the server answers")
def answers(place: Place) -> Finding:
    if place.url is None:
        return skipped(_NO_URL)
    try:
        alive, ready = (httpx.get(f"{place.url}{path}", timeout=_PATIENCE_S) for path in ("/livez", "/readyz"))
    except httpx.HTTPError as error:
        return red(f"Nothing answers ({type(error).__name__}).", "Start the server; look at the proxy and the firewall.")
    if alive.status_code != 200:
        return red(f"/livez answers {alive.status_code}.", "Is this the address of LLM Tuner? Look at the proxy.")
    if ready.status_code != 200:
        return red(f"The server is not ready: {ready.text[:200]}", "Mend what it says.")
    return green("The server lives and is ready.")


@check("version")
def version(place: Place) -> Finding:
    if place.url is None:
        return skipped(_NO_URL)
    found = _json(place, "/api/installation").get("version")
    if found != VERSION:
        return yellow(f"The server runs version {found}, this is {VERSION}.", "Restart the server after an upgrade.")
    return green(f"The server runs this version, {VERSION}.")


@check("security headers")
def headers(place: Place) -> Finding:
    if place.url is None:
        return skipped(_NO_URL)
    for path in ("/", "/api/auth/me", "/nothing/here"):
        found = httpx.get(f"{place.url}{path}", timeout=_PATIENCE_S).headers
        for name, part in _HEADERS.items():
            if part not in found.get(name, "") or name not in found:
                return red(f"{path} comes without a proper {name}.", "The proxy takes it away or sets its own: let the server's pass.")
            if len(found.get_list(name)) > 1:
                return red(f"{path} comes with two {name}.", "The proxy adds one: let the server's pass alone.")
    return green("Pages, API and errors carry the safe headers.")


@check("the API is closed")
def closed(place: Place) -> Finding:
    if place.url is None:
        return skipped(_NO_URL)
    answer = httpx.get(f"{place.url}/api/jobs", timeout=_PATIENCE_S)
    if answer.status_code != 401:
        return red(f"/api/jobs answers a stranger with {answer.status_code}.", "Does the proxy add credentials? It must not.")
    if "error" not in answer.json():
        return yellow("The refusal is not the server's own.", "Let the server's answers pass the proxy as they are.")
    return green("Strangers are refused.")


@check("the page is served")
def page(place: Place) -> Finding:
    if place.url is None:
        return skipped(_NO_URL)
    answer = httpx.get(f"{place.url}/jobs", timeout=_PATIENCE_S)
    if answer.status_code != 200 or "<script" not in answer.text:
        return red(
            f"/jobs answers {answer.status_code} and no page.", "The proxy must send every path to the server, not to files of its own."
        )
    return green("Every path is served the page.")


@check("metrics")
def metrics(place: Place) -> Finding:
    """Asked for as the world would: without the token. On this machine itself, without a proxy between, they may answer."""
    if place.url is None:
        return skipped(_NO_URL)
    answer = httpx.get(f"{place.url}/metrics", timeout=_PATIENCE_S)
    if answer.status_code == 200 and not _is_this_machine(urlsplit(place.url).hostname or ""):
        return red(
            "Everybody can read /metrics at this address.",
            "Let the proxy set X-Forwarded-For, as docs/deployment/nginx.conf does, or set LLM_TUNER_METRICS_TOKEN.",
        )
    return green("The metrics are for who may read them.")


@check("large bodies pass")
def large_bodies(place: Place) -> Finding:
    """A part of an upload is 8 MiB. Without credentials the server refuses it by 401; a proxy in the way says 413."""
    if place.url is None:
        return skipped(_NO_URL)
    try:
        answer = httpx.put(f"{place.url}/api/uploads/upl-check/parts/1", content=b"x" * (9 * 1024**2), timeout=20)
    except httpx.HTTPError as error:
        # The server may refuse and close before it has read everything, which some clients meet as a broken line.
        return (
            green("The server refused early.") if isinstance(error, httpx.WriteError | httpx.RemoteProtocolError) else _unreachable(error)
        )
    if answer.status_code == 413:
        return red("Uploads of 9 MB are refused on the way.", "nginx: client_max_body_size 0; for the others their name for it.")
    return green("Parts of uploads pass.")


@check("clock against the server")
def server_clock(place: Place) -> Finding:
    from email.utils import parsedate_to_datetime

    if place.url is None:
        return skipped(_NO_URL)
    date = httpx.get(f"{place.url}/livez", timeout=_PATIENCE_S).headers.get("date")
    if date is None:
        return skipped("The answer carries no date.")
    apart = abs((parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds())
    if apart > 30:
        return red(f"The server's clock is {apart:.0f} s apart from this machine's.", "Use NTP on both: tokens and webhooks carry times.")
    return green("The clocks agree.")


@check("TLS")
def tls(place: Place) -> Finding:
    if place.url is None:
        return skipped(_NO_URL)
    address = urlsplit(place.url)
    if address.scheme != "https":
        if _is_this_machine(str(address.hostname)):
            return skipped("On this machine itself, without TLS.")
        return red("The address is http: passwords travel in the open.", "Put TLS before the server; docs/DEPLOYMENT.md shows nginx.")
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((str(address.hostname), address.port or 443), timeout=_PATIENCE_S) as line,
            context.wrap_socket(line, server_hostname=address.hostname) as secure,
        ):
            certificate = secure.getpeercert() or {}
    except (OSError, ssl.SSLError) as error:
        return red(f"The certificate does not hold ({error}).", "Renew it, and send the intermediate certificates along.")
    left_s = ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()
    if left_s < 14 * 86_400:
        return red(f"The certificate ends in {left_s / 86_400:.0f} days.", "Renew it now and let it be renewed by itself.")
    return green(f"The certificate holds for {left_s / 86_400:.0f} days.")


def _is_this_machine(host: str) -> bool:
    return host in {"127.0.0.1", "localhost", "::1"}


def _json(place: Place, path: str) -> dict[str, object]:
    found: dict[str, object] = httpx.get(f"{place.url}{path}", timeout=_PATIENCE_S).json()
    return found


def _unreachable(error: Exception) -> Finding:
    return red(f"Nothing answers ({type(error).__name__}).", "Start the server; look at the proxy and the firewall.")
