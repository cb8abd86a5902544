"""Makes the table and the bucket that the AWS adapters need, as often as wanted, and says what the server must be allowed to do."""

from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from server.adapters import aws
from server.adapters.records_dynamodb import EXPIRES_AT, TABLE_KEYS
from server.errors import LlmTunerError

_DAYS_TO_FINISH_AN_UPLOAD: Final = 2
_UNKNOWN_THERE: Final = frozenset({"NotImplemented", "MethodNotAllowed"})
_THERE: Final = frozenset({"ResourceInUseException", "BucketAlreadyOwnedByYou"})


def create_table(table: str, client: Any = None) -> bool:
    """One table, paid by request, with point-in-time recovery, which removes what has expired. True when it was made now.

    Waits until it can be used.
    """
    client = client or aws.client("dynamodb")
    made = _tolerant(
        lambda: client.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in TABLE_KEYS],
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in TABLE_KEYS.items()],
            BillingMode="PAY_PER_REQUEST",
            DeletionProtectionEnabled=True,
        )
    )
    client.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    _tolerant(lambda: client.update_continuous_backups(TableName=table, **recovery))
    if not removes_expired(table, client):
        expiry = {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": EXPIRES_AT}}
        _tolerant(lambda: client.update_time_to_live(TableName=table, **expiry))
    return made


def removes_expired(table: str, client: Any) -> bool:
    """Whether the table's TTL is on, for the attribute that our documents carry. Raises `Unavailable`."""
    found = aws.persistently(lambda _: client.describe_time_to_live(TableName=table))["TimeToLiveDescription"]
    return found.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"} and found.get("AttributeName") == EXPIRES_AT


def create_bucket(bucket: str, region: str, client: Any = None, *, encrypted: bool = True) -> bool:
    """A private bucket, encrypted unless asked otherwise, that throws away uploads nobody finished. True when it was made now."""
    client = client or aws.client("s3")
    # The oldest region takes no location, and answers "it is there" for one's own bucket with success.
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    there = _has_bucket(client, bucket)
    if not there:
        _tolerant(lambda: client.create_bucket(Bucket=bucket, **where))
    blocked = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    # Services that only speak S3's language may have no such switch, and no public buckets either.
    _where_known(lambda: client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocked))
    if encrypted:
        default = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
        _tolerant(lambda: client.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=default))
    sweep = {
        "ID": "unfinished-uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _DAYS_TO_FINISH_AN_UPLOAD},
    }
    _tolerant(lambda: client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [sweep]}))
    return not there


def policy(table: str, bucket: str, *, prefix: str = "") -> dict[str, Any]:
    """The least that the server itself and `deploy_check` need; making table and bucket, and moving, are somebody else's right."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Records",
                "Effect": "Allow",
                "Action": [
                    "dynamodb:ConditionCheckItem",
                    "dynamodb:DeleteItem",
                    "dynamodb:DescribeContinuousBackups",
                    "dynamodb:DescribeTable",
                    "dynamodb:DescribeTimeToLive",
                    "dynamodb:GetItem",
                    "dynamodb:Query",
                    "dynamodb:UpdateItem",
                ],
                "Resource": f"arn:aws:dynamodb:*:*:table/{table}",
            },
            {
                "Sid": "Blobs",
                "Effect": "Allow",
                "Action": ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
                "Resource": f"arn:aws:s3:::{bucket}/{prefix}*",
            },
            # Without it a missing object is answered like a forbidden one.
            {"Sid": "MissingIsMissing", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"},
        ],
    }


def _has_bucket(client: Any, bucket: str) -> bool:
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if aws.status_of(error) == 404:
            return False
        raise aws.meaning(error) from error
    return True


def _where_known(call: Callable[[], Any]) -> None:
    try:
        _tolerant(call)
    except LlmTunerError as error:
        if not isinstance(error.__cause__, ClientError) or aws.code_of(error.__cause__) not in _UNKNOWN_THERE:
            raise


def _tolerant(call: Callable[[], Any]) -> bool:
    """False when what is to be made is there already."""

    def attempt(_: aws.Attempt) -> bool:
        try:
            call()
        except ClientError as error:
            if aws.code_of(error) in _THERE:
                return False
            raise
        return True

    return aws.persistently(attempt)
