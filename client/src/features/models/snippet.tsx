// How to use the downloaded model elsewhere, with plain transformers.
import type { TunedModel } from "@/lib/wire";
import { Section } from "@/ui/page";
import { CopyButton } from "@/ui/text";

export function Snippet({ model }: { model: TunedModel }) {
  const code = snippet(model.chat);
  return (
    <Section title="Use it elsewhere" aside={<CopyButton text={code} label="Copy the code" />}>
      <div className="card grid gap-2 p-4">
        <p className="text-ink-soft">Download the model, unpack it, and load its folder with transformers:</p>
        <pre tabIndex={0} className="overflow-x-auto rounded-md bg-sunken p-3 font-mono text-xs leading-relaxed">
          {code}
        </pre>
      </div>
    </Section>
  );
}

function snippet(chat: boolean): string {
  const inputs = chat
    ? `messages = [{"role": "user", "content": "Hello!"}]
inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)`
    : `inputs = tokenizer("Once upon a time", return_tensors="pt")`;
  return `from transformers import AutoModelForCausalLM, AutoTokenizer

folder = "path/to/the/unpacked/model"
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder)

${inputs}
output = model.generate(**inputs, max_new_tokens=128, do_sample=False)
print(tokenizer.decode(output[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True))`;
}
