"""The trainer: a program of its own (`gpt2_tuning.py`) and its generation worker (`worker.py`).

Imports `shared`, torch, safetensors, tokenizers, numpy and jinja2; never anything else of `server`. The server starts it as a
process, hands it files and reads files back.
"""

import os

# Read by OpenMP when torch is loaded, so it stands where nobody can have loaded torch yet. By default threads that wait for each other
# spin; when other programs want the cores too, everything collapses: measured 2 to 3.5 times slower on a busy machine, for small and
# large models alike, and never slower than with waiting asleep.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
