import type { UseFormRegisterReturn } from "react-hook-form";
import type { BaseModel, Method, Objective } from "@/lib/wire";
import { SelectField } from "@/ui/field";

const METHOD_WORDS: Record<Method, string> = {
  lora: "LoRA, a small adapter",
  full: "full, every weight",
  scratch: "from scratch",
};

interface MethodFieldProps {
  model: BaseModel | undefined;
  /** What "auto" would be, once the forecast knows. */
  auto: Method | undefined;
  field: UseFormRegisterReturn;
  error: string | undefined;
}

/** How the model is trained: only what the chosen base offers. */
export function MethodField({ model, auto, field, error }: MethodFieldProps) {
  return (
    <SelectField label="Method" hint="LoRA is quick and light; full training moves every weight." error={error} {...field}>
      <option value="auto">{auto ? `auto: ${METHOD_WORDS[auto]}` : "auto"}</option>
      {(model?.methods ?? []).map((method) => (
        <option key={method} value={method}>
          {METHOD_WORDS[method]}
        </option>
      ))}
    </SelectField>
  );
}

const OBJECTIVE_WORDS: Record<Objective, string> = {
  supervised: "to say what the examples say",
  preference: "to prefer the better answers of pairs (DPO)",
};

/** What is learned. Only pairs leave a choice. */
export function ObjectiveField({ auto, field, error }: { auto: Objective | undefined; field: UseFormRegisterReturn; error: string | undefined }) {
  return (
    <SelectField label="What is learned" hint="Of pairs, the better answers alone can be learned as well." error={error} {...field}>
      <option value="auto">{auto ? `auto: ${OBJECTIVE_WORDS[auto]}` : "auto"}</option>
      {(["supervised", "preference"] as const).map((objective) => (
        <option key={objective} value={objective}>
          {OBJECTIVE_WORDS[objective]}
        </option>
      ))}
    </SelectField>
  );
}
