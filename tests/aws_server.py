"""DynamoDB and S3 as moto serves them, on a free loopback port; one server for a whole run of the tests, started when first asked for."""

import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal

from server.adapters import aws
from server.adapters.blobs_s3 import OPTIONS as S3_OPTIONS

ACCESS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


STALL_S = 5.0
Trouble = Literal["error", "throttle", "stall", "cut", None]


def calm() -> Trouble:
    return None


weather: Callable[[], Trouble] = calm
"""What happens to the next request. `cut`: it is carried out, and the line is cut before the answer."""


@contextmanager
def storm(*, seed: int, errors: float = 0.3, stalls: float = 0.0, cuts: float = 0.1) -> Iterator[None]:
    """Shares of the requests that are answered 5xx or throttled, that wait for `STALL_S`, that are cut after they were carried out."""
    global weather
    dice = random.Random(seed)

    def stormy() -> Trouble:
        fate = dice.random()
        if fate < errors:
            return "error" if fate < errors / 2 else "throttle"
        if fate < errors + stalls:
            return "stall"
        return "cut" if fate < errors + stalls + cuts else None

    weather = stormy
    try:
        yield
    finally:
        weather = calm


def _refusal(environ: dict[str, Any], start_response: Any, trouble: Trouble) -> list[bytes]:
    """As the two services say it: DynamoDB in JSON, S3 in XML."""
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    dynamo = "HTTP_X_AMZ_TARGET" in environ
    if trouble == "error":
        status, code = "500 Internal Server Error", "InternalServerError" if dynamo else "InternalError"
    else:
        status, code = ("400 Bad Request", "ThrottlingException") if dynamo else ("503 Slow Down", "SlowDown")
    if dynamo:
        body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "as ordered"}).encode()
    else:
        body = f"<Error><Code>{code}</Code><Message>as ordered</Message></Error>".encode()
    kind = "application/x-amz-json-1.0" if dynamo else "application/xml"
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


@cache
def endpoint() -> str:
    """The server's address. The standard AWS variables of this process point to it from then on."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    app = DomainDispatcherApplication(create_backend_app)
    one_at_a_time = threading.Lock()

    def serialised(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        trouble = weather()
        if trouble in {"error", "throttle"}:
            return _refusal(environ, start_response, trouble)
        if trouble == "stall":
            time.sleep(STALL_S)
        # The real services check and write in one step. moto does so only when nobody else is in between.
        with one_at_a_time:
            answer = list(app(environ, start_response))
        if trouble == "cut":
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return answer

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: Any) -> None:
            return

    server = make_server("127.0.0.1", 0, serialised, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.port}"
    os.environ.update(ACCESS, AWS_ENDPOINT_URL=address)
    return address


def stores(name: str) -> dict[str, str]:
    """A new table and bucket, and the settings of a server that keeps everything in them."""
    from server.adapters.aws_setup import create_bucket, create_table

    name = f"{name}-{os.urandom(4).hex()}"
    create_table(name, client("dynamodb"))
    create_bucket(name, ACCESS["AWS_REGION"], client("s3"))
    return {"records": "dynamodb", "blobs": "s3", "aws_table": name, "aws_bucket": name}


@cache
def client(service: str) -> Any:
    """One client for all tests that do not look at clients themselves: making one reads megabytes of descriptions."""
    endpoint()
    return aws.client(service, **(S3_OPTIONS if service == "s3" else {}))
