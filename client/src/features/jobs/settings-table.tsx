// The settings of a job: what was asked, what was used, and why. They can be changed while it waits for its first run.
import { useState } from "react";
import type { HyperparameterName, Job } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Section } from "@/ui/page";
import { isUntouched, SettingsEditor } from "./settings-editor";
import { isLoraOnly, settingLabel, settingValue } from "./settings";

export function SettingsTable({ job }: { job: Job }) {
  const [editing, setEditing] = useState(false);
  if (editing) {
    return (
      <Section title="Settings">
        <SettingsEditor job={job} onDone={() => setEditing(false)} />
      </Section>
    );
  }
  const rows = Object.entries(job.resolved).filter(([name]) => job.method === "lora" || !isLoraOnly(name));
  if (rows.length === 0) return null;
  return (
    <Section
      title="Settings"
      aside={
        isUntouched(job) && (
          <Button look="quiet" icon="pencil" onClick={() => setEditing(true)}>
            Change the settings
          </Button>
        )
      }
    >
      <div className="card overflow-x-auto">
        <table className="w-full text-left">
          <thead className="border-b border-line text-xs text-ink-soft">
            <tr>
              <th className="px-4 py-2 font-medium">Setting</th>
              <th className="px-4 py-2 text-right font-medium">Value</th>
              <th className="hidden px-4 py-2 font-medium sm:table-cell">Why</th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {rows.map(([name, { value, reason }]) => (
              <tr key={name}>
                <td className="px-4 py-1.5">
                  {settingLabel(name)}
                  <span className="block text-xs text-ink-soft sm:hidden">{reason}</span>
                </td>
                <td className="px-4 py-1.5 text-right whitespace-nowrap">
                  {settingValue(name, value)}
                  {(job.hyperparameters[name as HyperparameterName] ?? "auto") === "auto" && <span className="text-xs text-ink-soft"> auto</span>}
                </td>
                <td className="hidden px-4 py-1.5 text-ink-soft sm:table-cell">{reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}
