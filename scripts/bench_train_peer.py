"""One opponent of `scripts/bench train`: HF Trainer or TRL's SFTTrainer, as their documentation sets them up.

Runs in the bench's own environment:

    python bench_train_peer.py PLAN.json

Tells a line of JSON after each step ({"step", "loss", "learned": tokens that carried loss}) in the file that the plan names. Imports
nothing of the product. Blocks come as rows of `input_ids`, made by the product, so that both sides train on the very same ones.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import datasets
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainerCallback, TrainingArguments

datasets.disable_progress_bars()


class Telling(TrainerCallback):
    """Counts the labels of each batch and tells of each step when its loss is known."""

    def __init__(self, out: Path) -> None:
        self.out, self.learned = out, 0

    def count(self, labels: torch.Tensor) -> None:
        self.learned += int((labels[..., 1:] != -100).sum())  # The first of a row is never guessed.

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        if logs and "loss" in logs:
            with self.out.open("a") as file:
                file.write(json.dumps({"step": state.global_step, "loss": logs["loss"], "learned": self.learned}) + "\n")
            self.learned = 0


def main(plan: dict[str, Any]) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(plan["threads"])
    tokenizer = AutoTokenizer.from_pretrained(plan["model"])
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(plan["model"], dtype=torch.float32, attn_implementation="sdpa")
    if plan["adapter"]:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, plan["adapter"], is_trainable=True)
    rows = [json.loads(line) for line in Path(plan["rows"]).read_text().splitlines()]
    told = Telling(Path(plan["out"]))
    common: dict[str, Any] = {
        "output_dir": plan["scratch"],
        "max_steps": plan["steps"],
        "per_device_train_batch_size": plan["batch"],
        "learning_rate": plan["rate"],
        "lr_scheduler_type": "constant",
        "warmup_steps": 0,
        "weight_decay": 0.0,
        "adam_beta2": 0.99,
        "max_grad_norm": 1.0,
        "optim": "adamw_torch_fused",
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": [],
        "disable_tqdm": True,
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": False,
        "dataloader_num_workers": 0,
        "train_sampling_strategy": "sequential",
        "seed": 0,
    }
    trainer = _trl(plan, model, tokenizer, rows, common, told) if plan["kind"] == "trl" else _hf(plan, model, tokenizer, rows, common, told)
    step = trainer.training_step

    def counted(model: Any, inputs: dict[str, Any], *rest: Any, **named: Any) -> Any:
        told.count(inputs["labels"])
        return step(model, inputs, *rest, **named)

    trainer.training_step = counted
    trainer.train()


def _hf(plan: dict[str, Any], model: Any, tokenizer: Any, rows: list[Any], common: dict[str, Any], told: Telling) -> Trainer:
    """On blocks, as `run_clm.py` makes them; on texts with dynamic padding, as the tutorial on causal language models does."""
    from transformers import DataCollatorForLanguageModeling, default_data_collator

    if "input_ids" in rows[0]:
        dataset = datasets.Dataset.from_list([{**row, "labels": row["input_ids"]} for row in rows])
        collator = default_data_collator
    else:
        encoded = tokenizer([row["text"] + tokenizer.eos_token for row in rows], truncation=True, max_length=plan["block"])
        dataset = datasets.Dataset.from_dict(dict(encoded))
        if tokenizer.pad_token_id == tokenizer.eos_token_id:  # Else the collator would hide the ends of the texts from the loss, too.
            tokenizer.pad_token = next(token for token in tokenizer.all_special_tokens if token != tokenizer.eos_token)
        collator = DataCollatorForLanguageModeling(tokenizer, mlm=False)
    return Trainer(model=model, args=TrainingArguments(**common), train_dataset=dataset, data_collator=collator, callbacks=[told])


def _trl(plan: dict[str, Any], model: Any, tokenizer: Any, rows: list[Any], common: dict[str, Any], told: Telling) -> Any:
    from trl import SFTConfig, SFTTrainer

    packing = {"packing": True, "packing_strategy": plan["packing"]} if plan["packing"] else {"packing": False}
    config = SFTConfig(max_length=plan["block"], completion_only_loss="prompt" in rows[0] or None, **packing, **common)
    dataset = datasets.Dataset.from_list(rows)
    return SFTTrainer(model=model, args=config, train_dataset=dataset, processing_class=tokenizer, callbacks=[told])


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
