// One setting: empty is "auto", which shows the value it would take and why.
import type { UseFormRegisterReturn } from "react-hook-form";
import type { Resolved } from "@/lib/wire";
import { SelectField, TextField } from "@/ui/field";
import { settingValue, type Setting } from "./settings";

interface SettingFieldProps {
  setting: Setting;
  /** What the forecast says it would be. */
  resolved: Resolved | undefined;
  isAuto: boolean;
  field: UseFormRegisterReturn;
  error: string | undefined;
}

export function SettingField({ setting, resolved, isAuto, field, error }: SettingFieldProps) {
  const auto = isAuto && resolved ? `auto: ${settingValue(setting.name, resolved.value)}` : "auto";
  const hint = (
    <>
      {setting.help} {isAuto ? resolved && <span className="text-ink">{resolved.reason}</span> : "Set by you; empty means auto."}
    </>
  );
  if (setting.kind === "choice") {
    return (
      <SelectField label={setting.label} hint={hint} error={error} {...field}>
        <option value="">{auto}</option>
        {setting.choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </SelectField>
    );
  }
  return <TextField label={setting.label} hint={hint} error={error} placeholder={auto} inputMode="decimal" autoComplete="off" {...field} />;
}
