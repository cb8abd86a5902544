// A tuned model as something to go on from.
import type { BaseModel, TunedModel } from "@/lib/wire";

/** What it has of the base that it came from, over all its ancestors, is looked up; what is not known any more stays empty. */
export function asBase(tuned: TunedModel, bases: readonly BaseModel[], others: readonly TunedModel[]): BaseModel {
  const root = rootOf(tuned, bases, others);
  return {
    id: tuned.id,
    object: "base_model",
    name: tuned.name,
    description: `Yours, tuned from ${tuned.base_model}.`,
    num_parameters: tuned.num_parameters,
    context_length: root?.context_length ?? 0,
    license: root?.license ?? "",
    size_bytes: tuned.size_bytes,
    memory_bytes: root?.memory_bytes ?? 0,
    from_scratch: false,
    chat: tuned.chat,
    methods: ["lora", "full"],
    availability: "ready",
    availability_reason: null,
  };
}

function rootOf({ base_model }: TunedModel, bases: readonly BaseModel[], others: readonly TunedModel[]): BaseModel | undefined {
  let id = base_model;
  // No longer than the list: ids that lead in a circle would be a mistake of the server's.
  for (let step = 0; step <= others.length; step += 1) {
    const base = bases.find((one) => one.id === id);
    const parent = others.find((one) => one.id === id);
    if (base || !parent) return base;
    id = parent.base_model;
  }
  return undefined;
}
