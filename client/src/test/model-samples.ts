import type { TunedModel } from "@/lib/wire";
import { baseModel } from "./samples";

export const tunedModel: TunedModel = {
  id: "ft:smollm2-135m-instruct:ada:kettle:12345678",
  object: "tuned_model",
  name: "Kettle",
  base_model: baseModel.id,
  method: "lora",
  job_id: "job-1",
  chat: true,
  num_parameters: 134_515_008,
  size_bytes: 538_060_032,
  validation_loss_before: 3.1,
  validation_loss: 2.1,
  num_training_tokens: 60_000,
  created_at: "2026-11-22T10:00:00Z",
};
