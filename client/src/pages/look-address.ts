// The address of a look, so that one can be kept, sent and opened again.
import type { LookRequest } from "@/lib/wire";

export interface LookSearch {
  model?: string;
  dataset?: string;
  /** Ids with commas between them. */
  documents?: string;
  block?: string;
}

export function lookSearch({ base_model, dataset_id, document_ids, block_size }: LookRequest): LookSearch {
  return {
    model: base_model,
    ...(dataset_id ? { dataset: dataset_id } : { documents: (document_ids ?? []).join(",") }),
    ...(typeof block_size === "number" && { block: String(block_size) }),
  };
}

/** Null for an address that does not say enough. */
export function lookRequest({ model, dataset, documents, block }: LookSearch): LookRequest | null {
  const ids = (documents ?? "").split(",").filter((id) => id !== "");
  if (model === undefined || (dataset === undefined && ids.length === 0)) return null;
  const size = Number(block);
  return {
    base_model: model,
    ...(dataset === undefined ? { document_ids: ids } : { dataset_id: dataset }),
    ...(block !== undefined && Number.isInteger(size) && size >= 16 ? { block_size: size } : {}),
  };
}
