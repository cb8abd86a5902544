// The settings of the new-job form: the few that matter first, the others folded away.
import { useFormContext, useWatch } from "react-hook-form";
import type { BaseModel, Forecast } from "@/lib/wire";
import { AreaField, TextField } from "@/ui/field";
import { Fold } from "@/ui/fold";
import { chosenData, type JobFields } from "./job-fields";
import { MethodField, ObjectiveField } from "./method-field";
import { SettingField } from "./setting-field";
import { parseSetting, SETTINGS, SPLIT_SETTINGS, type Setting } from "./settings";

interface SettingsFieldsProps {
  model: BaseModel | undefined;
  forecast: Forecast | undefined;
  /** What the server says about the form as it stands, by field. */
  liveErrors: Record<string, string>;
  advancedOpen: boolean;
  onAdvanced: (open: boolean) => void;
}

export function SettingsFields({ model, forecast, liveErrors, advancedOpen, onAdvanced }: SettingsFieldsProps) {
  const { register, formState, control } = useFormContext<JobFields>();
  const values = useWatch({ control }) as JobFields;
  const texts = values.hyperparameters;
  const splitsAbove = chosenData(values) === "documents" && values.split === "share";
  const { errors } = formState;

  const field = (setting: Setting) => (
    <SettingField
      key={setting.name}
      setting={setting}
      resolved={forecast?.resolved[setting.name]}
      isAuto={(texts[setting.name] ?? "").trim() === ""}
      error={errors.hyperparameters?.[setting.name]?.message ?? liveErrors[`hyperparameters.${setting.name}`]}
      field={register(`hyperparameters.${setting.name}`, {
        validate: (text) => {
          const parsed = parseSetting(setting, text ?? "");
          return parsed.ok || parsed.message;
        },
      })}
    />
  );
  const shown = SETTINGS.filter(({ name, lora }) => {
    // The seed is still the run's when nothing is kept back by it; the share is then nobody's.
    if (SPLIT_SETTINGS.includes(name)) return !splitsAbove && name === "seed";
    return !lora || forecast === undefined || forecast.method === "lora";
  });

  return (
    <section aria-label="Settings" className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <div>
        <h2>Settings</h2>
        <p className="text-ink-soft">Everything may stay on auto. What auto takes, and why, stands below each field.</p>
      </div>
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label="Name" placeholder="named for you" error={errors.name?.message} maxLength={200} {...register("name")} />
        <MethodField model={model} auto={forecast?.method} error={errors.method?.message ?? liveErrors.method} field={register("method")} />
        {shown.filter(({ advanced }) => !advanced).map(field)}
      </div>
      <Fold summary="Advanced settings and note" open={advancedOpen} onToggle={onAdvanced}>
        <div className="mt-2 grid gap-4 sm:grid-cols-2">
          <ObjectiveField auto={forecast?.objective} error={errors.objective?.message ?? liveErrors.objective} field={register("objective")} />
          {shown.filter(({ advanced }) => advanced).map(field)}
          <div className="sm:col-span-2">
            <AreaField label="Note" rows={3} hint="For yourself." maxLength={4000} error={errors.note?.message} {...register("note")} />
          </div>
        </div>
      </Fold>
    </section>
  );
}
