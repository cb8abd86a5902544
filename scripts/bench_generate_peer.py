"""The opponent of `scripts/bench generate`: transformers' own `generate`, greedy, in fp32. Imports nothing of the product.

    python bench_generate_peer.py FOLDER THREADS

Reads lines {"ids": [...], "tokens": N}, answers each with {"ids": what it added, "seconds"}.
"""

import json
import os
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from transformers import AutoModelForCausalLM


def main(folder: str, threads: int) -> None:
    torch.set_num_threads(threads)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        ids = torch.tensor([asked["ids"]])
        began = time.perf_counter()
        with torch.inference_mode():
            made = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=asked["tokens"], do_sample=False)
        seconds = time.perf_counter() - began
        print(json.dumps({"ids": made[0, ids.shape[1] :].tolist(), "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
