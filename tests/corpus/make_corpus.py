#!/usr/bin/env python3
"""Writes the corpus into a folder, the legal files with `expected.json` beside them: .venv/bin/python tests/corpus/make_corpus.py FOLDER

The tests make their files themselves; this is for looking at them, or for trying them on another program.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tests.corpus.cases import write  # noqa: E402 - the line above makes these possible
from tests.corpus.hostile import hostile_files, huge_files  # noqa: E402
from tests.corpus.legal import legal_files  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--huge", action="store_true", help="the hostile files of hundreds of megabytes as well")
    asked = parser.parse_args()
    expected = {}
    for number, case in enumerate(legal_files()):
        path = _place(asked.folder / "legal", number, case.name)
        write(case.content, path)
        expected[str(path.relative_to(asked.folder))] = {
            "filename": case.name,
            "format": case.format,
            "shape": case.shape,
            "num_examples": case.num_examples,
        }
    (asked.folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False))
    for number, hostile in enumerate(hostile_files() + (huge_files() if asked.huge else [])):
        write(hostile.content, _place(asked.folder / "hostile", number, hostile.name))


def _place(folder: Path, number: int, name: str) -> Path:
    """Names that no file system takes are part of the corpus, so every file gets a folder and a plain name when it must."""
    path = folder / f"{number:03}" / name.replace("/", "_").replace("\x00", "_")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path if len(path.name.encode()) < 250 else path.with_name("long name" + path.suffix)


if __name__ == "__main__":
    main()
