// The address of a look, so that one can be kept, sent and opened again.
import { chosenSettings } from "@/lib/hyperparameters";
import type { Hyperparameters, LookRequest, Method } from "@/lib/wire";

export interface LookSearch {
  model?: string;
  dataset?: string;
  /** Ids with commas between them. */
  documents?: string;
  method?: string;
  /** Settings that are not on auto, as `name:value` with commas between them. */
  settings?: string;
}

export function lookSearch({ base_model, dataset_id, document_ids, method, hyperparameters }: LookRequest): LookSearch {
  const settings = chosenSettings(hyperparameters);
  return {
    model: base_model,
    ...(dataset_id ? { dataset: dataset_id } : { documents: (document_ids ?? []).join(",") }),
    ...(method !== undefined && method !== "auto" && { method }),
    ...(settings.length > 0 && { settings: settings.map(([name, value]) => `${name}:${value}`).join(",") }),
  };
}

/** Null for an address that does not say enough. */
export function lookRequest({ model, dataset, documents, method, settings }: LookSearch): LookRequest | null {
  const ids = (documents ?? "").split(",").filter((id) => id !== "");
  if (model === undefined || (dataset === undefined && ids.length === 0)) return null;
  return {
    base_model: model,
    ...(dataset === undefined ? { document_ids: ids } : { dataset_id: dataset }),
    ...(METHODS.some((one) => one === method) && { method: method as Method }),
    ...(settings !== undefined && { hyperparameters: readSettings(settings) }),
  };
}

const METHODS: readonly Method[] = ["lora", "full", "scratch"];

/** Whether names and values are right is the server's to say. */
function readSettings(settings: string): Hyperparameters {
  const pairs = settings.split(",").map((pair) => pair.split(":", 2) as [string, string | undefined]);
  return Object.fromEntries(pairs.map(([name, value = ""]) => [name, Number.isNaN(Number(value)) ? value : Number(value)]));
}
