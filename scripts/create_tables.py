#!/usr/bin/env python3
"""`llm-tuner-create-tables`, from this repository: what it does stands in server/operating/create_tables.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import prepare  # noqa: E402 - the line above makes this possible

prepare.continue_in_environment(extras=())

from server.operating.create_tables import main  # noqa: E402 - the lines above make this possible

if __name__ == "__main__":
    sys.exit(main())
