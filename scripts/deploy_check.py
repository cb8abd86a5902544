#!/usr/bin/env python3
"""`llm-tuner-deploy-check`, from this repository: what it does stands in server/operating/deploy_check.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import prepare  # noqa: E402 - the line above makes this possible

prepare.continue_in_environment(extras=())

from server.operating.deploy_check import main  # noqa: E402 - the lines above make this possible

if __name__ == "__main__":
    sys.exit(main())
