"""The Chromium that the browser tests drive: found on this machine, or installed from Debian's packages where that is possible."""

import os
import shutil
import subprocess

from scripts.prepare import Trouble, say

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find() -> str | None:
    """The path of a Chromium; `CHROMIUM` in the environment names one that lies elsewhere."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


def ensure() -> str:
    """As `find`, installing one first where there is none."""
    if (found := find()) is not None:
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Trouble(
            "The browser tests need Chromium. Install it (Debian: sudo apt-get install chromium), "
            "or name one in the environment variable CHROMIUM."
        )
    say("Installing Chromium from the distribution's packages (a minute, once) ...")
    quietly = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"]):
        done = subprocess.run(["apt-get", "-q", *words], env=quietly, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Trouble(f"apt-get {words[0]} failed:\n{done.stderr.strip()[-1500:]}")
    if (found := find()) is None:
        raise Trouble("Chromium was installed and is still not found. Name it in the environment variable CHROMIUM.")
    return found
