"""Can this machine train? The trainer is started as the server starts it, in a folder of its own that is removed afterwards."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from server.operating.checks.findings import Finding, Place, check, green, red
from server.settings import REPOSITORY

_PATIENCE_S: Final = 25
_TEXT: Final = "The tide comes in, the tide goes out, and the lamp on the pier is lit at {} o'clock. "
_DEVICES: Final = "import json, os, torch; print(json.dumps([torch.__version__, torch.cuda.device_count(), os.cpu_count()]))"


@check("trainer's devices")
def devices(place: Place) -> Finding:
    said = subprocess.run([sys.executable, "-c", _DEVICES], capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    if said.returncode:
        return red("torch cannot be loaded.", "Run start-production.py again; it installs it. On Linux it needs glibc 2.28 or newer.")
    version, num_gpus, num_cores = json.loads(said.stdout.splitlines()[-1])
    return green(f"torch {version}, {num_gpus} GPUs, {num_cores} cores")


@check("one step of training")
def one_step(place: Place) -> Finding:
    with tempfile.TemporaryDirectory(prefix="llm-tuner-check-") as folder:
        text = Path(folder) / "text.txt"
        text.write_text("\n\n".join(_TEXT.format(hour) * 4 for hour in range(1, 13)))
        words = ["--base-model", "gpt2-scratch-1m", "--data", str(text), "--out", f"{folder}/run", "--max-steps", "1", "--block-size", "64"]
        words += ["--base-models-folder", f"{folder}/bases"]
        said = subprocess.run(
            [sys.executable, "-m", "server.tuning.gpt2_tuning", *words],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
        events = Path(folder) / "run" / "events.jsonl"
        last = json.loads(events.read_text().splitlines()[-1]) if events.exists() else {}
    if said.returncode or last.get("type") != "done":
        words_said = last.get("message") or (said.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return red(f"The trainer did not finish one step: {words_said}", "Mend what it says; nothing can be trained before.")
    return green(f"One step trained, written and read again in {last['seconds']:.1f} s")
