#!/usr/bin/env python3
"""Writes shared/openapi.json from the server and shared/api.gen.ts from that. `--check` writes nothing and fails when either is stale.

Run it with the project's Python after a change of shared/wire or of a route; the page's development packages must be installed
(`npm ci` in client/). Both files are committed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OPENAPI = ROOT / "shared" / "openapi.json"
TYPES = ROOT / "shared" / "api.gen.ts"
GENERATOR = ROOT / "client" / "node_modules" / ".bin" / "openapi-typescript"

sys.path.insert(0, str(ROOT))


def openapi_document() -> dict[str, Any]:
    """What the server says of itself at /api/openapi.json."""
    from server.app import create_app
    from server.settings import Settings

    # An empty data folder, so that generating types never touches a real one.
    with tempfile.TemporaryDirectory() as folder:
        document: dict[str, Any] = create_app(Settings(home=Path(folder))).openapi()
    return document


def openapi_text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def types_text(openapi: str) -> str:
    """TypeScript for the document; a field with a default is always there in an answer, so it is not optional."""
    if not GENERATOR.exists():
        raise SystemExit("The page's development packages are missing. Run `npm ci` in client/ first.")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "openapi.json", Path(folder) / "api.gen.ts"
        source.write_text(openapi, encoding="utf-8")
        done = subprocess.run([GENERATOR, source, "--output", target], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"openapi-typescript failed:\n{done.stdout}{done.stderr}")
        return target.read_text(encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is stale")
    check = parser.parse_args().check

    openapi = openapi_text(openapi_document())
    wanted = {OPENAPI: openapi, TYPES: types_text(openapi)}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
    if not stale:
        print("The generated files are current.")
        return 0
    if check:
        print(f"Stale: {names}. Run scripts/gen_types.py and commit the result.", file=sys.stderr)
        return 1
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    print(f"Wrote {names}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
