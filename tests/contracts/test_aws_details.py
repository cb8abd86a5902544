"""What the AWS adapters ask of the services beyond the ports' laws, and what they say when something is not set up."""

import io
import os
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from server.adapters import aws
from server.adapters.aws_setup import create_bucket, create_table, policy, removes_expired
from server.adapters.blobs_s3 import OPTIONS, S3Blobs
from server.adapters.records_dynamodb import DynamoRecords
from server.errors import Unavailable
from server.ports.records import ABSENT, Delete, Key, Put
from server.settings import Settings
from server.wiring.chosen import s3_of
from tests import aws_server
from tests.contracts.test_blobs import BrokenSource

KEY = Key("p", "s")
PART = 8 * 1024**2


@pytest.fixture
def name() -> str:
    return f"details-{os.urandom(6).hex()}"


@pytest.fixture
def bucket(name: str) -> str:
    create_bucket(name, aws_server.ACCESS["AWS_REGION"], aws_server.client("s3"))
    return name


def raw(table: str) -> dict[str, Any]:
    found: dict[str, Any] = aws_server.client("dynamodb").get_item(TableName=table, Key={"partition": {"S": "p"}, "sort": {"S": "s"}})[
        "Item"
    ]
    return found


def test_expiry_is_an_attribute_in_seconds_that_goes_with_the_next_write_without_one(name: str) -> None:
    create_table(name, aws_server.client("dynamodb"))
    records = DynamoRecords(name, aws_server.client("dynamodb"))
    records.write(Put(KEY, {}, ABSENT, datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC)))
    assert raw(name)["expires_at"] == {"N": "1795435201"}
    records.write(Put(KEY, {}, 1))
    assert "expires_at" not in raw(name)


def test_the_table_expires_and_can_be_restored_however_often_it_is_made(name: str) -> None:
    client = aws_server.client("dynamodb")
    assert create_table(name, client)
    assert not create_table(name, client)
    assert client.describe_time_to_live(TableName=name)["TimeToLiveDescription"] == {
        "TimeToLiveStatus": "ENABLED",
        "AttributeName": "expires_at",
    }
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


@pytest.mark.parametrize("size", [10, PART + 10])
def test_objects_are_encrypted_and_summed_by_the_service(bucket: str, size: int) -> None:
    client = aws_server.client("s3")
    asked: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append(params["headers"])

    events = client.meta.events
    for operation in ("PutObject", "UploadPart"):
        events.register(f"before-call.s3.{operation}", note)
    try:
        S3Blobs(bucket, client=client).put("x", io.BytesIO(os.urandom(size)))
    finally:
        for operation in ("PutObject", "UploadPart"):
            events.unregister(f"before-call.s3.{operation}", note)
    assert len(asked) == (1 if size < PART else 2)
    assert all("x-amz-checksum-sha256" in headers for headers in asked)
    assert client.head_object(Bucket=bucket, Key="x")["ServerSideEncryption"] == "AES256"


class BreaksLate(io.RawIOBase):
    left = PART + 5

    def read(self, size: int = -1) -> bytes:
        if not self.left:
            raise ConnectionError("the line was cut")
        taken = min(size, self.left)
        self.left -= taken
        return bytes(taken)


def test_an_upload_that_breaks_leaves_no_parts_behind(bucket: str) -> None:
    client = aws_server.client("s3")
    for source in (BreaksLate(), BrokenSource(b"abcdef")):
        with pytest.raises(ConnectionError):
            S3Blobs(bucket, client=client).put("x", source)  # type: ignore[arg-type]
    assert client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
    (rule,) = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}


def test_another_maker_of_s3_is_addressed_by_path_and_asked_for_no_sums_it_may_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://minio.example.org:9000")
    for variable, value in aws_server.ACCESS.items():
        monkeypatch.setenv(variable, value)
    link = S3Blobs("bucket", client=aws.client("s3", **OPTIONS)).link("a/b", filename="b", expires_s=60)
    assert link is not None
    assert link.startswith("https://minio.example.org:9000/bucket/a/b?")
    assert "checksum" not in link.lower()


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("AccessDenied", 403, "permissions"),
        ("AccessDeniedException", 400, "permissions"),
        ("403", 403, "permissions"),
        ("PermanentRedirect", 301, "AWS_REGION"),
        ("AuthorizationHeaderMalformed", 400, "AWS_REGION"),
        ("NoSuchBucket", 404, "LLM_TUNER_AWS_BUCKET"),
        ("ResourceNotFoundException", 400, "LLM_TUNER_AWS_TABLE"),
        ("RequestTimeTooSkewed", 403, "clock"),
    ],
)
def test_what_is_not_set_up_is_said_in_our_words(code: str, status: int, words: str) -> None:
    answer = {"Error": {"Code": code, "Message": "arn:aws:secret"}, "ResponseMetadata": {"HTTPStatusCode": status}}

    def refused(_: aws.Attempt) -> None:
        raise ClientError(answer, "GetItem")  # type: ignore[arg-type]

    with pytest.raises(Unavailable, match=words) as said:
        aws.persistently(refused)
    assert said.value.code == "aws.not_set_up"
    assert "arn:" not in said.value.message


def test_without_credentials_or_region_the_operator_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    aws_server.endpoint()
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    with pytest.raises(Unavailable, match="AWS_ACCESS_KEY_ID"):
        DynamoRecords("any", aws.client("dynamodb")).get(KEY)
    with pytest.raises(Unavailable, match="AWS_ACCESS_KEY_ID"):
        S3Blobs("any", client=aws.client("s3", **OPTIONS)).link("x", filename="x", expires_s=60)
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(variable)
    with pytest.raises(Unavailable, match="AWS_REGION"):
        aws.client("dynamodb")


ACTIONS = {
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "HeadObject": "s3:GetObject",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
}
"""The permission that a call needs, where it has another name. Source: the service authorization reference."""


def test_the_policy_allows_every_call_of_the_server_and_no_other(name: str, bucket: str) -> None:
    create_table(name, aws_server.client("dynamodb"))
    used = {"s3:ListBucket"}  # No call of its own: it decides whether HeadObject says 404 or 403.
    clients = {service: aws.client(service, **(OPTIONS if service == "s3" else {})) for service in ("dynamodb", "s3")}

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        service = model.service_model.service_name
        calls = [model.name]
        if model.name == "TransactWriteItems":
            calls = [next(iter(item)) for item in params["TransactItems"]]
        used.update(ACTIONS.get(call, f"{service}:{call}") for call in calls)

    for client in clients.values():
        client.meta.events.register("provide-client-params.*", note)
    records, blobs = DynamoRecords(name, clients["dynamodb"]), S3Blobs(bucket, client=clients["s3"])
    other = Key("p", "other")
    records.write(Put(KEY, {}, ABSENT))
    records.write(Put(KEY, {}, 1), Delete(other, ABSENT))
    records.write(Delete(KEY, None), Delete(other, None))
    assert records.page("p").records == [] and records.get(KEY) is None
    for size in (10, PART + 10):
        blobs.put("x", io.BytesIO(bytes(size)))
    with pytest.raises(ConnectionError):
        blobs.put("y", BreaksLate())  # type: ignore[arg-type]
    assert len(b"".join(blobs.open("x"))) == blobs.size("x") == PART + 10
    blobs.delete("x")
    removes_expired(name, clients["dynamodb"])  # These three are `deploy_check`'s.
    clients["dynamodb"].describe_table(TableName=name)
    clients["dynamodb"].describe_continuous_backups(TableName=name)
    statements = policy(name, bucket)["Statement"]
    allowed = {action for found in statements for action in ([found["Action"]] if isinstance(found["Action"], str) else found["Action"])}
    assert used == allowed
    assert {found["Resource"] for found in statements} == {
        f"arn:aws:dynamodb:*:*:table/{name}",
        f"arn:aws:s3:::{bucket}/*",
        f"arn:aws:s3:::{bucket}",
    }


def test_a_service_without_encryption_or_public_buckets_is_asked_for_neither(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client, asked = aws.client("s3", **OPTIONS), []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        asked.append((model.name, params.get("ServerSideEncryption")))

    def unknown(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "NotImplemented"}, "ResponseMetadata": {"HTTPStatusCode": 501}}, "PutPublicAccessBlock")

    client.meta.events.register("provide-client-params.*", note)
    monkeypatch.setattr(client, "put_public_access_block", unknown)
    assert create_bucket(name, aws_server.ACCESS["AWS_REGION"], client, encrypted=False)
    monkeypatch.setattr(aws, "client", lambda *_, **__: client)
    blobs = s3_of(Settings(blobs="s3", aws_bucket=name, aws_encryption="none"))
    for size in (10, PART + 10):
        blobs.put("x", io.BytesIO(bytes(size)))
    assert ("PutBucketEncryption", None) not in asked
    assert {encryption for _, encryption in asked} == {None}
