"""`scripts/chaos proxy`: nginx, as docs/deployment/nginx.conf has it, before a real server. Streams, uploads, TLS, made-up addresses.

The file itself is used; only its ports, its name and its certificate are replaced by those of this machine. Needs nginx.
"""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from scripts.chaos_servers import verdict
from tests.system.harness import PASSWORD, ROOT, Server, running_server

_VISITOR = "127.0.0.2"
"""Where visitors seem to come from: an address of this machine that is not the proxy's."""
_UPLOAD_BYTES = 100_000_000
_FIRST_BYTE_S = 1.0
_LINE_S = 2.0
_LIVE_CHECKS = ["the server answers", "security headers", "the API is closed", "the page is served", "large bodies pass", "TLS", "metrics"]


def run(folder: Path, *, times: int | None, seed: int) -> int:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        print("This needs nginx (Debian: sudo apt-get install nginx-light).", file=sys.stderr)
        return 1
    https, http = _free_port(), _free_port()
    url = f"https://localhost:{https}"
    settings = {"public_url": url, "trusted_proxies": "127.0.0.1", "environment": "production", "registration": "open", "hub": "off"}
    with running_server(folder / "data", trainer_threads="1", **settings) as server:
        certificate = _certificate(folder)
        with _nginx(program, folder, server, https=https, http=http):
            failures = _failures(folder, server, url, f"http://localhost:{http}", certificate)
    for failure in failures:
        print(f"  {failure}")
    print(f"{verdict(not failures)}: nginx before the server, {len(failures)} promises broken")
    return 1 if failures else 0


def _failures(folder: Path, server: Server, url: str, plain: str, certificate: Path) -> list[str]:
    trusting = ssl.create_default_context(cafile=str(certificate))
    transport = httpx.HTTPTransport(verify=trusting, local_address=_VISITOR)
    found: list[str] = []

    def expect(good: bool, otherwise: str) -> None:
        if not good:
            found.append(otherwise)

    with httpx.Client(base_url=url, transport=transport, timeout=120) as visitor:
        moved = httpx.get(f"{plain}/jobs?x=1", follow_redirects=False)
        expect(moved.status_code == 301 and moved.headers["location"] == "https://localhost/jobs?x=1", "http is not sent on to https")

        claims = {"x-forwarded-for": "198.51.100.1", "forwarded": "for=198.51.100.1", "x-real-ip": "198.51.100.1"}
        page = visitor.get("/", headers=claims | {"x-forwarded-proto": "http", "x-forwarded-host": "evil.example"})
        expect(page.status_code == 200, f"the page answers {page.status_code}")
        for name in ("strict-transport-security", "content-security-policy", "x-content-type-options"):
            expect(len(page.headers.get_list(name)) == 1, f"{name} comes {len(page.headers.get_list(name))} times")
        expect(_client_of(server, str(page.headers["x-request-id"])) == _VISITOR, "a visitor's claim about its address reached the server")

        session = visitor.post("/api/auth/register", json={"email": "ada@example.org", "password": PASSWORD})
        cookies = session.headers.get_list("set-cookie")
        expect(bool(cookies) and all("; secure" in cookie.lower() for cookie in cookies), "cookies are sent without TLS, too")
        visitor.headers["authorization"] = f"Bearer {session.json()['access_token']}"

        expect(visitor.get("/metrics").status_code == 403, "the metrics can be read through the proxy")
        expect(httpx.get(f"{server.url}/metrics").status_code == 200, "the metrics cannot be read on this machine")

        began = time.monotonic()
        uploaded = visitor.post("/api/documents", files={"file": ("large.jsonl", _rows(_UPLOAD_BYTES))})
        expect(uploaded.status_code == 201, f"an upload of 100 MB answers {uploaded.status_code}")
        print(f"  100 MB uploaded and read in {time.monotonic() - began:.1f} s")
        found.extend(_stream_failures(visitor))
    found.extend(_red_checks(url, certificate, server))
    return found


def _stream_failures(visitor: httpx.Client) -> list[str]:
    """Whether a training's log arrives while it is written, and not when a buffer is full."""
    document = visitor.post("/api/samples/lighthouse-year").json()["id"]
    request = {"base_model": "gpt2-scratch-1m", "document_ids": [document], "hyperparameters": {"max_steps": 200}}
    job = visitor.post("/api/jobs", json=request).json()["id"]
    began, first, late, lines = time.monotonic(), None, 0.0, 0
    with visitor.stream("GET", f"/api/jobs/{job}/stream") as stream:
        for text in stream.iter_lines():
            first = time.monotonic() - began if first is None else first
            if text.startswith("data: ") and "cursor" in (said := json.loads(text.removeprefix("data: "))):
                late = max(late, (datetime.now(UTC) - datetime.fromisoformat(said["at"])).total_seconds())
                lines += 1
            if lines >= 25:
                break
    visitor.post(f"/api/jobs/{job}/cancel")
    print(f"  the stream began after {first or 0:.2f} s; of {lines} lines none came later than {late:.2f} s after it was written")
    slow = [f"the stream began after {first} s"] if first is None or first > _FIRST_BYTE_S else []
    return slow + ([f"a line came {late:.1f} s late"] if late > _LINE_S else [])


def _red_checks(url: str, certificate: Path, server: Server) -> list[str]:
    """What deploy_check says of the whole arrangement, as an operator would ask it."""
    only = [f"--only={name}" for name in _LIVE_CHECKS]
    command = [sys.executable, str(ROOT / "scripts/deploy_check.py"), "--url", url, "--data", str(server.data), "--json", *only]
    said = subprocess.run(command, env=os.environ | {"SSL_CERT_FILE": str(certificate)}, capture_output=True, text=True, check=False)
    findings = json.loads(said.stdout)["findings"]
    missing = set(_LIVE_CHECKS) - {found["check"] for found in findings}
    wrong = [f"deploy_check, {found['check']}: {found['message']}" for found in findings if found["level"] not in {"green", "yellow"}]
    return wrong + [f"deploy_check has no check of the name {name}" for name in sorted(missing)]


def _client_of(server: Server, request_id: str) -> str:
    """The address that the server's log has for a request; the line is written when the answer is out."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for line in server.log.read_text().splitlines():
            if request_id in line:
                return str(json.loads(line)["client"])
        time.sleep(0.05)
    return ""


def _rows(size: int) -> bytes:
    row = b'{"prompt": "What does the keeper write at noon?", "completion": "The height of the tide, the wind and who has passed. %07d"}\n'
    return b"".join(row % number for number in range(size // len(row % 0)))


@contextmanager
def _nginx(program: str, folder: Path, server: Server, *, https: int, http: int) -> Iterator[None]:
    text = (ROOT / "docs/deployment/nginx.conf").read_text()
    for written, here in {
        r"listen \[::\].*\n": "\n",
        r"listen 80;": f"listen 127.0.0.1:{http};",
        r"listen 443 ssl": f"listen 127.0.0.1:{https} ssl",
        r"server 127\.0\.0\.1:5000;": f"server 127.0.0.1:{server.port};",
        r"server_name tuner\.example\.org;": "server_name localhost;",
        r"/etc/letsencrypt/\S*/fullchain\.pem": str(folder / "certificate.pem"),
        r"/etc/letsencrypt/\S*/privkey\.pem": str(folder / "key.pem"),
    }.items():
        text, count = re.subn(written, here, text)
        assert count, f"docs/deployment/nginx.conf has no {written}"  # noqa: S101 - a scenario that tries something else is worth nothing
    temporary = "".join(f"{kind}_temp_path {folder}/nginx-{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    main = folder / "nginx.conf"
    main.write_text(
        f"pid {folder}/nginx.pid; error_log {folder}/nginx.log; daemon off; user {_user()};\n"
        f"events {{}}\nhttp {{ access_log off; {temporary}\n{text}}}\n"
    )
    command = [program, "-c", str(main), "-p", str(folder)]
    subprocess.run([*command, "-t", "-q"], check=True)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        _wait_for(https)
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("nginx does not listen")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _certificate(folder: Path) -> Path:
    """One for `localhost` that nobody else signed, good for a month."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=30))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=True)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = folder / "certificate.pem"
    certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    no_password = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password)
    (folder / "key.pem").write_bytes(pem)
    return certificate
