"""AWS and the other services that settings may name. A canary is written, read, refused where it must be, and deleted."""

import io
import os
import uuid
from typing import Any

from server.adapters.clock_system import SystemClock
from server.errors import LlmTunerError, StaleWrite
from server.operating.checks.findings import Finding, Place, check, green, red, skipped, yellow
from server.ports.records import ABSENT, Delete, Key, Put
from server.wiring.chosen import identity_of, s3_of


@check("AWS settings")
def aws_settings(place: Place) -> Finding:
    if place.settings.records != "dynamodb" and place.settings.blobs != "s3":
        return skipped("AWS is not used.")
    if not (os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")):
        return red("No AWS region is set.", "Set AWS_REGION to the one of your table and bucket.")
    import boto3

    if boto3.session.Session().get_credentials() is None:
        return red("No AWS credentials were found.", "Give the machine a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
    if (place.settings.records == "dynamodb") != (place.settings.blobs == "s3"):
        return yellow("Only one of records and blobs is on AWS.", "Losing this machine then loses half of everything; move both.")
    return green("Region and credentials are there.")


@check("DynamoDB table")
def table(place: Place) -> Finding:
    if place.settings.records != "dynamodb":
        return skipped("DynamoDB is not used.")
    from server.adapters import aws
    from server.adapters.aws_setup import removes_expired
    from server.adapters.records_dynamodb import TABLE_KEYS

    client = aws.client("dynamodb")
    try:
        found = aws.persistently(lambda _: client.describe_table(TableName=place.settings.aws_table))["Table"]
        expiry = removes_expired(place.settings.aws_table, client)
        backups = aws.persistently(lambda _: client.describe_continuous_backups(TableName=place.settings.aws_table))
    except LlmTunerError as error:
        return red(error.message, "The message says it.")
    if {key["AttributeName"]: key["KeyType"] for key in found["KeySchema"]} != TABLE_KEYS:
        return red("The table has other keys than ours.", "Name another table; scripts/create_tables.py makes it.")
    recovery = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        return yellow("Point-in-time recovery is off.", "Run scripts/create_tables.py again; it turns it on.")
    if not expiry:
        return yellow("The table does not remove what has expired.", "Run scripts/create_tables.py again; it turns TTL on.")
    return green(f"The table {place.settings.aws_table} is as it should be.")


@check("DynamoDB canary")
def table_canary(place: Place) -> Finding:
    if place.settings.records != "dynamodb":
        return skipped("DynamoDB is not used.")
    from server.adapters.records_dynamodb import DynamoRecords

    key = Key("canary", uuid.uuid4().hex)
    try:
        records = DynamoRecords(place.settings.aws_table)
        records.write(Put(key, {"n": 1}, ABSENT))
        try:
            records.write(Put(key, {"n": 2}, ABSENT))
            return red("A conditional write was not refused.", "This is not DynamoDB as documented; use another service.")
        except StaleWrite:
            pass
        found = records.get(key)
        records.write(Delete(key, 1))
        gone = records.get(key) is None
    except LlmTunerError as error:
        return red(error.message, "The message says it.")
    if found is None or found.data != {"n": 1} or not gone:
        return red("What was written was not read.", "This is not DynamoDB as documented; use another service.")
    return green("A record was written, kept from being overwritten, read and deleted.")


@check("S3 canary")
def bucket_canary(place: Place) -> Finding:
    if place.settings.blobs != "s3":
        return skipped("S3 is not used.")
    key, data = f"canary/{uuid.uuid4().hex}", os.urandom(1000)
    try:
        blobs = s3_of(place.settings)
        blobs.put(key, io.BytesIO(data))
        same = b"".join(blobs.open(key, start=10)) == data[10:]
        blobs.delete(key)
        gone = blobs.size(key) is None
    except LlmTunerError as error:
        return red(error.message, "The message says it.")
    if not same or not gone:
        return red("What was written was not read, or could not be deleted.", "This is not S3 as documented; use another service.")
    return green("An object was written, read and deleted.")


@check("S3 bucket is private")
def bucket_private(place: Place) -> Finding:
    if place.settings.blobs != "s3":
        return skipped("S3 is not used.")
    from botocore.exceptions import ClientError

    from server.adapters import aws

    client = aws.client("s3")
    try:
        found: dict[str, Any] = client.get_public_access_block(Bucket=place.settings.aws_bucket)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if aws.code_of(error) == "NoSuchPublicAccessBlockConfiguration":
            return red("The bucket may be made public.", "Run scripts/create_tables.py again; it blocks that.")
        return yellow("Whether the bucket is private could not be asked.", "Look yourself, or allow s3:GetBucketPublicAccessBlock.")
    if not all(found.values()):
        return red("The bucket may be made public.", "Run scripts/create_tables.py again; it blocks that.")
    return green("The bucket cannot be made public.")


@check("Google sign-in")
def google(place: Place) -> Finding:
    """The provider is asked about itself as the server would ask it. Nobody is signed in."""
    missing = place.settings.missing_for_google()
    if len(missing) == 2:
        return skipped("Signing in with Google is not set up.")
    if missing:
        return red(f"{missing[0]} is missing, so nobody sees the button.", "Set both that the provider gave you, or neither.")
    provider = identity_of(place.settings, SystemClock())
    assert provider is not None, "both settings are there"  # noqa: S101 - `missing_for_google` says so
    back = f"{place.settings.address}/api/auth/google/callback"
    try:
        provider.authorize_url(state="check", nonce="check", code_verifier="x" * 64, redirect_url=back)
    except LlmTunerError as error:
        return red(f"The provider {place.settings.oidc_issuer} does not answer: {error.message}", "Let the server reach it by https.")
    if not place.settings.https and not place.settings.is_for_this_machine:
        return yellow("The provider sends people back to an http address.", "Google takes only https: set LLM_TUNER_PUBLIC_URL.")
    return green(f"The provider answers. Its console must name {back} as redirect URI.")
