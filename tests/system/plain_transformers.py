"""What a stranger's program makes of a downloaded model: a fresh interpreter with transformers and nothing of this product."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from tests.system.harness import Client

_PROGRAM = """
import json, sys
from transformers import AutoModelForCausalLM, AutoTokenizer
folder, asked, num_tokens = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
if isinstance(asked, str):
    ids = tokenizer(asked, return_tensors="pt").input_ids
else:
    ids = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_tensors="pt", return_dict=True).input_ids
out = model.generate(ids, max_new_tokens=num_tokens, do_sample=False)
print(json.dumps(out[0, ids.shape[1]:].tolist()))
"""


def download(client: Client, model_id: str, folder: Path) -> Path:
    """The folder that `from_pretrained` takes, unpacked below `folder`."""
    response = client.http.get(f"/api/tuned-models/{model_id}/download")
    assert response.status_code == 200, response.text
    assert response.headers["content-disposition"].startswith("attachment")
    zipfile.ZipFile(io.BytesIO(response.content)).extractall(folder)
    assert (folder / "config.json").exists(), "the top level of the archive is not a model"
    return folder


def greedy_tokens(folder: Path, asked: str | list[dict[str, Any]], num_tokens: int) -> list[int]:
    """What follows a prompt, or a conversation; the token that ends an answer is one of them."""
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": ""}
    command = [sys.executable, "-c", _PROGRAM, str(folder), json.dumps(asked), str(num_tokens)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    ids: list[int] = json.loads(done.stdout.splitlines()[-1])
    return ids
