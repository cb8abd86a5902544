"""Programs of others, run as processes: they get an address, a key, and nothing else of this product."""

import os
import subprocess
from pathlib import Path

from scripts.prepare import path_with_node
from tests.system.harness import Server

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE / "scripts"
CLIENT = HERE.parent.parent / "client"


def run(command: list[str | Path], server: Server, key: str, *, folder: Path) -> str:
    """What the program printed. Fails when it did."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "LLM_TUNER_"))}
    environment |= {"OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": key, "PATH": path_with_node()}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout
