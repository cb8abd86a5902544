// Other settings for a job that waits for its first run.
import { useState } from "react";
import { useForm, useWatch } from "react-hook-form";
import { showRefusal } from "@/lib/forms";
import type { Job } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Note } from "@/ui/notices";
import { toast } from "@/ui/toasts";
import { useChangeJob } from "./queries";
import { SettingField } from "./setting-field";
import { parseSetting, readSettings, SETTINGS, settingTexts, type Setting, type SettingTexts } from "./settings";

/** Whether the settings can still be changed: nothing of it has run. */
export function isUntouched({ state, num_runs, stopping }: Pick<Job, "state" | "num_runs" | "stopping">): boolean {
  return state === "queued" && num_runs === 0 && !stopping;
}

interface Fields {
  hyperparameters: SettingTexts;
}

const NAMES = SETTINGS.map(({ name }) => `hyperparameters.${name}` as const);

export function SettingsEditor({ job, onDone }: { job: Job; onDone: () => void }) {
  const [general, setGeneral] = useState<string | null>(null);
  const change = useChangeJob(job.id);
  const { register, handleSubmit, setError, formState, control } = useForm<Fields>({ defaultValues: { hyperparameters: settingTexts(job.hyperparameters) } });
  const texts = useWatch({ control, name: "hyperparameters" });

  async function submit({ hyperparameters }: Fields) {
    const settings = readSettings(hyperparameters);
    if (settings === null) return;
    setGeneral(null);
    try {
      await change.mutateAsync({ hyperparameters: settings });
    } catch (error) {
      setGeneral(showRefusal(error, NAMES, setError));
      return;
    }
    toast("The settings are changed.");
    onDone();
  }

  const field = (setting: Setting) => (
    <SettingField
      key={setting.name}
      setting={setting}
      resolved={isAuto(job.hyperparameters[setting.name]) ? job.resolved[setting.name] : undefined}
      isAuto={(texts[setting.name] ?? "").trim() === ""}
      error={formState.errors.hyperparameters?.[setting.name]?.message}
      field={register(`hyperparameters.${setting.name}`, {
        validate: (text) => {
          const parsed = parseSetting(setting, text ?? "");
          return parsed.ok || parsed.message;
        },
      })}
    />
  );

  return (
    <form noValidate onSubmit={(event) => void handleSubmit(submit)(event)} aria-label="Settings" className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
      <p className="text-ink-soft">They can be changed until the job starts. Empty means auto.</p>
      {general && (
        <Note tone="bad" role="alert">
          {general}
        </Note>
      )}
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">{SETTINGS.filter(({ lora }) => !lora || job.method === "lora").map(field)}</div>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" busy={formState.isSubmitting}>
          Save
        </Button>
        <Button onClick={onDone}>Leave them as they were</Button>
      </div>
    </form>
  );
}

function isAuto(value: number | string | undefined): boolean {
  return value === undefined || value === "auto";
}
