"""Makes the DynamoDB table and the S3 bucket that LLM_TUNER_AWS_TABLE and LLM_TUNER_AWS_BUCKET name, as often as you like.

Prints the IAM policy that the server itself needs (`--policy`: that alone, and nothing is made). Credentials, region and endpoints come
from the standard AWS variables.
"""

import argparse
import json
import os
import sys

from server.adapters import aws_setup
from server.errors import LlmTunerError
from server.settings import Settings


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policy", action="store_true", help="print the server's IAM policy and make nothing")
    asked = parser.parse_args(words)
    settings = Settings()
    if settings.aws_bucket is None:
        sys.exit("Set LLM_TUNER_AWS_BUCKET to the bucket's name first; bucket names are unique in the whole world.")
    if not asked.policy:
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if not region:
            sys.exit("Set AWS_REGION first, for example AWS_REGION=eu-central-1.")
        try:
            _tell("table", settings.aws_table, made=aws_setup.create_table(settings.aws_table))
            _tell(
                "bucket",
                settings.aws_bucket,
                made=aws_setup.create_bucket(settings.aws_bucket, region, encrypted=settings.aws_encryption != "none"),
            )
        except LlmTunerError as error:
            sys.exit(error.message)
        print("The server's IAM policy:")
    print(json.dumps(aws_setup.policy(settings.aws_table, settings.aws_bucket, prefix=settings.aws_prefix), indent=2))
    return 0


def _tell(kind: str, name: str, *, made: bool) -> None:
    print(f"The {kind} {name} {'was made' if made else 'is there already'}.")


if __name__ == "__main__":
    sys.exit(main())
