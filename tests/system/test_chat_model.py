"""The model that comes with the product, tuned with LoRA on the sample data: its download says what the try-it panel says."""

from pathlib import Path
from typing import Any

import pytest

from tests.system.harness import Client
from tests.system.plain_transformers import download, greedy_tokens

QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
NUM_TOKENS = 16


@pytest.fixture(scope="module")
def job(client: Client) -> dict[str, Any]:
    document = client.take_sample("harbour-kettle")
    few = {"max_steps": 2, "validation_fraction": 0.02}
    job = client.create_job(base_model="smollm2-135m-instruct", document_ids=[document["id"]], hyperparameters=few)
    return client.wait_for(job["id"], "succeeded", timeout_s=300)


def test_auto_means_lora_for_a_base_that_knows_something(job: dict[str, Any]) -> None:
    assert job["method"] == "lora"


def test_the_merged_download_decodes_the_same_tokens_in_plain_transformers(client: Client, job: dict[str, Any], tmp_path: Path) -> None:
    answer = client.post(f"/api/tuned-models/{job['tuned_model']}/generate", messages=QUESTION, max_tokens=NUM_TOKENS, temperature=0)
    folder = download(client, job["tuned_model"], tmp_path)
    assert (folder / "adapter" / "adapter_config.json").exists()
    assert greedy_tokens(folder, QUESTION, NUM_TOKENS) == answer["token_ids"]


def test_the_base_still_knows_what_it_knew(client: Client, job: dict[str, Any]) -> None:
    base = client.post(f"/api/base-models/{job['base_model']}/generate", messages=QUESTION, max_tokens=NUM_TOKENS, temperature=0)
    assert "Paris" in base["text"]
