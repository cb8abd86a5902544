# As such scripts are written for OpenAI: the older kind, with prompts and completions. Nothing in here knows of this product.
import csv
import io
import time

import openai

client = openai.OpenAI()

lines = [f'{{"prompt": "{n} ->", "completion": " {n * n} END"}}' for n in range(20)]
training = client.files.create(file=("squares.jsonl", "\n".join(lines).encode()), purpose="fine-tune")
validation = client.files.create(file=("more.jsonl", "\n".join(lines[:5]).encode()), purpose="fine-tune")
for file in (training, validation):
    client.files.wait_for_processing(file.id, poll_interval=0.2)

job = client.fine_tuning.jobs.create(
    model="babbage-002",
    training_file=training.id,
    validation_file=validation.id,
    hyperparameters={"n_epochs": 4, "batch_size": 2, "learning_rate_multiplier": 1.5},
    metadata={"experiment": "squares"},
)
seen = set()
while job.status not in {"succeeded", "failed", "cancelled"}:
    time.sleep(0.5)
    for event in client.fine_tuning.jobs.list_events(job.id, limit=10):
        if event.id not in seen:
            seen.add(event.id)
            if event.type == "metrics" and event.data:
                print("metrics", event.data)
    job = client.fine_tuning.jobs.retrieve(job.id)
assert job.status == "succeeded", job.error

found = [one.id for one in client.fine_tuning.jobs.list(limit=5, metadata={"experiment": "squares"})]
assert job.id in found

for checkpoint in client.fine_tuning.jobs.checkpoints.list(job.id):
    print("checkpoint", checkpoint.fine_tuned_model_checkpoint, checkpoint.step_number, checkpoint.metrics.valid_loss)

content = client.files.content(job.result_files[0])
rows = list(csv.DictReader(io.StringIO(content.text)))
print("steps", rows[-1]["step"], "loss", rows[-1]["train_loss"])

answer = client.completions.create(model=job.fine_tuned_model, prompt="3 ->", max_tokens=5, temperature=0, stop=[" END"])
print("Answer", answer.choices[0].text)

client.models.delete(job.fine_tuned_model)
for file in (training, validation):
    client.files.delete(file.id)
print("Cleaned up")
