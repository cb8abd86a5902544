import type { UseFormRegisterReturn } from "react-hook-form";
import type { BaseModel, Method } from "@/lib/wire";
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
