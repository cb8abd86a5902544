"""The trainer: a program of its own (`gpt2_tuning.py`) and its generation worker (`worker.py`).

Imports `shared`, torch, safetensors, tokenizers, numpy and jinja2; never anything else of `server`. The server starts it as a
process, hands it files and reads files back.
"""
