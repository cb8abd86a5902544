"""Makes a link with which somebody who forgot the password chooses a new one. For the operator, on the server's machine.

The link works once, for an hour, and ends every sign-in and API key of the account. The server may run meanwhile. Hand the link to the
account's owner in a way that nobody else reads; you never learn the password.
"""

import argparse
import sys

from server.adapters.clock_system import SystemClock
from server.domain.accounts.service import Accounts
from server.domain.schema import NewerStore
from server.errors import LlmTunerError
from server.operating.installation import settings_of
from server.wiring.chosen import records_of


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("email", help="address of the account")
    parser.add_argument("--data", metavar="FOLDER", help="the server's data folder (LLM_TUNER_HOME)")
    asked = parser.parse_args(words)
    settings = settings_of(asked.data)
    if settings.records == "sqlite" and not settings.records_file.exists():
        print(f"There is no installation in {settings.home}. Name its data folder with --data.", file=sys.stderr)
        return 1
    try:
        records = records_of(settings)
    except (NewerStore, LlmTunerError) as error:
        print(f"No link can be made: {error}", file=sys.stderr)
        return 1
    try:
        # Signs nothing: the secret of the installation is not needed, and is not read.
        accounts = Accounts(records, SystemClock(), secret="", access_token_ttl_s=1, session_ttl_s=1, public_url=settings.address)
        token = accounts.recovery.reset_token(asked.email)
    except LlmTunerError as error:
        print(error.message, file=sys.stderr)
        return 1
    finally:
        records.close()
    print(accounts.letters.link("reset-password", token))
    return 0


if __name__ == "__main__":
    sys.exit(main())
