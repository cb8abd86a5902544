import { useFormContext } from "react-hook-form";
import type { JobFields } from "./job-fields";

/** Takes the responsibility for a run that the server thinks pointless. */
export function AllowShortRun() {
  const { register } = useFormContext<JobFields>();
  return (
    <label className="target flex items-center gap-2 font-medium text-ink">
      <input type="checkbox" className="size-4 shrink-0" {...register("allow_short_run")} />
      Start all the same
    </label>
  );
}
