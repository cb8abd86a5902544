"""`python -m server.command_line`: the same as `llm-tuner`."""

import sys

from server.command_line.main import main

if __name__ == "__main__":
    sys.exit(main())
