"""How a command ends: an exit status that a script can tell apart, and words for the person at the terminal."""

from typing import Final

DONE: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
NOT_SIGNED_IN: Final = 3
UNREACHABLE: Final = 4
FAILED: Final = 5
CANCELLED: Final = 6
NOT_IMPROVED: Final = 7
INTERRUPTED: Final = 130

STATUSES: Final = """exit statuses:
  0 done            1 refused, or something here went wrong   2 wrong words on the command line
  3 not signed in   4 the server does not answer              5 the job or test failed
  6 it was cancelled   7 test --need-improvement: not improved   130 interrupted (Ctrl-C); a job goes on"""


class Trouble(Exception):
    """Ends the command with these words and this status."""

    def __init__(self, message: str, status: int = REFUSED) -> None:
        super().__init__(message)
        self.status = status
