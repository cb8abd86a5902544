"""What starts quickly stays quick: a fresh interpreter tells which packages an import really loads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def packages_loaded_by(module: str) -> set[str]:
    code = f"import json, sys, {module}; print(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True)
    return set(json.loads(done.stdout))


def test_the_server_loads_nothing_of_the_trainer() -> None:
    loaded = packages_loaded_by("server.app")
    assert "fastapi" in loaded
    assert not loaded & {"torch", "transformers", "tokenizers", "safetensors", "gguf", "numpy", "ray", "huggingface_hub", "boto3"}


@pytest.mark.parametrize("module", ["shared.reading", "shared.reading.__main__", "shared.rendering"])
def test_readers_load_nothing_before_they_need_it(module: str) -> None:
    assert not packages_loaded_by(module) & {"pydantic", "orjson", "jinja2", "charset_normalizer", "csv", "fastapi", "torch"}


def test_the_readers_of_both_programs_need_no_server() -> None:
    assert "server" not in packages_loaded_by("shared.rendering, shared.job_spec, shared.trainer_events, shared.wire, shared.auto_settings")
