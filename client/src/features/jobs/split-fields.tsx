// What is kept back to measure the model on: a share of the examples, or a document of its own.
import { useFormContext, useWatch } from "react-hook-form";
import type { Document, Forecast } from "@/lib/wire";
import { SelectField } from "@/ui/field";
import { chosenData, type JobFields } from "./job-fields";
import { SettingField } from "./setting-field";
import { parseSetting, SETTINGS, SPLIT_SETTINGS } from "./settings";

interface SplitFieldsProps {
  documents: readonly Document[];
  forecast: Forecast | undefined;
  liveErrors: Record<string, string>;
}

export function SplitFields({ documents, forecast, liveErrors }: SplitFieldsProps) {
  const { control, register, formState } = useFormContext<JobFields>();
  const { split, document_ids: chosen, hyperparameters: texts } = useWatch({ control }) as JobFields;
  const others = documents.filter(({ id, status }) => status === "ready" && !chosen.includes(id));
  return (
    <fieldset className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <legend className="mb-1 font-medium">Measure it on</legend>
      <div className="flex flex-wrap gap-x-6">
        <label className="target flex items-center gap-2">
          <input type="radio" className="size-4" value="share" {...register("split")} />a share that is kept back
        </label>
        <label className="target flex items-center gap-2">
          <input type="radio" className="size-4" value="document" {...register("split")} />a document of its own
        </label>
      </div>
      {split === "share" ? (
        <div className="grid gap-4 sm:grid-cols-2">
          {SETTINGS.filter(({ name }) => SPLIT_SETTINGS.includes(name)).map((setting) => (
            <SettingField
              key={setting.name}
              setting={setting}
              resolved={forecast?.resolved[setting.name]}
              isAuto={(texts[setting.name] ?? "").trim() === ""}
              error={formState.errors.hyperparameters?.[setting.name]?.message ?? liveErrors[`hyperparameters.${setting.name}`]}
              field={register(`hyperparameters.${setting.name}`, {
                validate: (text) => {
                  const parsed = parseSetting(setting, text ?? "");
                  return parsed.ok || parsed.message;
                },
              })}
            />
          ))}
        </div>
      ) : (
        <SelectField
          label="Validate on this document"
          hint="It is not trained on. All of the documents above are."
          error={formState.errors.validation_document_id?.message}
          {...register("validation_document_id", {
            validate: (id, fields) =>
              fields.split === "share" ||
              chosenData(fields) === "dataset" ||
              (id !== "" && !fields.document_ids.includes(id)) ||
              "Choose a document that is not trained on.",
          })}
        >
          <option value="">{others.length === 0 ? "no other document is here" : "choose a document"}</option>
          {others.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
      )}
    </fieldset>
  );
}
