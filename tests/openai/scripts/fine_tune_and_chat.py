# As such scripts are written for OpenAI: nothing in here knows of this product. OPENAI_BASE_URL and OPENAI_API_KEY come from outside.
import json
import os
import sys
import tempfile
import time

from openai import OpenAI

client = OpenAI()

facts = [("capital of France", "Paris"), ("capital of Japan", "Tokyo"), ("capital of Peru", "Lima"), ("capital of Kenya", "Nairobi")]
examples = [
    {
        "messages": [
            {"role": "system", "content": "Marv is a factual chatbot that is also sarcastic."},
            {"role": "user", "content": f"What's the {question}?"},
            {"role": "assistant", "content": f"{answer}, as if everyone doesn't know that already."},
        ]
    }
    for question, answer in facts * 3
]

with tempfile.NamedTemporaryFile("w", suffix=".jsonl", delete=False) as f:
    for example in examples:
        f.write(json.dumps(example) + "\n")

with open(f.name, "rb") as training:
    training_file = client.files.create(file=training, purpose="fine-tune")
os.unlink(f.name)
print("Uploaded", training_file.id)

job = client.fine_tuning.jobs.create(
    training_file=training_file.id,
    model="gpt-4o-mini-2024-07-18",
    suffix="marv",
    method={
        "type": "supervised",
        "supervised": {"hyperparameters": {"n_epochs": 3, "batch_size": "auto", "learning_rate_multiplier": "auto"}},
    },
)
print("Created", job.id, job.status)

while True:
    job = client.fine_tuning.jobs.retrieve(job.id)
    if job.status in ("succeeded", "failed", "cancelled"):
        break
    time.sleep(0.5)

for event in reversed(client.fine_tuning.jobs.list_events(fine_tuning_job_id=job.id, limit=50).data):
    print(event.created_at, event.level, event.message)

if job.status != "succeeded":
    sys.exit(f"Fine-tuning failed: {job.error}")

print("Model", job.fine_tuned_model)
completion = client.chat.completions.create(
    model=job.fine_tuned_model,
    messages=[
        {"role": "system", "content": "Marv is a factual chatbot that is also sarcastic."},
        {"role": "user", "content": "What's the capital of France?"},
    ],
    temperature=0,
    max_tokens=40,
)
print("Answer", completion.choices[0].message.content)
print("Used", completion.usage.total_tokens)
