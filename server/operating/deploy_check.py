"""Is this installation fit to be used? Looks at machine, settings, stores, trainer, AWS and, with --url, at the running server.

Changes nothing that stays. Every finding that is not green says what to do. The exit status is 1 when anything is red.
"""

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from pydantic import ValidationError

from server.operating.checks import cloud, installation, live, machine, trainer  # noqa: F401 - importing them makes their checks known
from server.operating.checks.findings import CHECKS, Check, Finding, Place, green, red
from server.operating.installation import settings_of

_SIGNS = {"green": "ok    ", "yellow": "look  ", "red": "RED   ", "skipped": "      "}


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="address of the running server, as its users know it, for example https://tuner.example.org")
    parser.add_argument("--data", metavar="FOLDER", help="the data folder (LLM_TUNER_HOME)")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")
    parser.add_argument("--only", action="append", metavar="NAME", help="this check alone; may be given more than once")
    asked = parser.parse_args(words)
    began = time.monotonic()
    findings = _findings(asked.data, asked.url.rstrip("/") if asked.url else None, asked.only)
    if asked.json:
        print(json.dumps({"findings": [{"check": name, **asdict(found)} for name, found in findings.items()]}, indent=1))
    else:
        _print(findings, time.monotonic() - began)
    return int(any(found.level == "red" for found in findings.values()))


def _findings(data: str | None, url: str | None, only: list[str] | None) -> dict[str, Finding]:
    try:
        settings = settings_of(data)
    except ValidationError as error:
        lines = "; ".join(
            f"{'.'.join(f'LLM_TUNER_{str(part).upper()}' for part in found['loc'])}: {found['msg']}" for found in error.errors()
        )
        return {"settings": red(f"The settings are not right: {lines}", "Correct them; README.md lists every one.")}
    place = Place(settings, url)
    chosen = {name: check for name, check in CHECKS.items() if only is None or name in only}
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda check: _made(check, place), chosen.values())
        return {"settings": green("The settings can be read."), **dict(zip(chosen, found, strict=True))}


def _made(check: Check, place: Place) -> Finding:
    """The border of a check: what it did not foresee is red as well, never a stack."""
    try:
        return check(place)
    except Exception as error:
        return red(f"The check itself failed: {type(error).__name__}: {error}", "Mend what it says; if it says nothing, report it.")


def _print(findings: dict[str, Finding], seconds: float) -> None:
    for name, found in findings.items():
        print(f"{_SIGNS[found.level]} {name}: {found.message}")
        if found.remedy:
            print(f"         -> {found.remedy}")
    count = {level: sum(found.level == level for found in findings.values()) for level in _SIGNS}
    print(f"{count['green']} green, {count['yellow']} to look at, {count['red']} red, {count['skipped']} skipped in {seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
