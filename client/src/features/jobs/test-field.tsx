// The test that begins by itself when the job has succeeded.
import { useFormContext } from "react-hook-form";
import { counted } from "@/lib/format";
import type { TestSet } from "@/lib/wire";
import { SelectField } from "@/ui/field";
import type { JobFields } from "./job-fields";

export function TestField({ testSets }: { testSets: readonly TestSet[] }) {
  const { register, formState } = useFormContext<JobFields>();
  return (
    <section aria-label="Test" className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <h2>Test</h2>
      <SelectField
        label="Test it by itself when it is done"
        hint="Base and tuned model get the same items, and the verdict stands beside the model."
        error={formState.errors.test_set_id?.message}
        {...register("test_set_id")}
      >
        <option value="">no test</option>
        {testSets.map(({ id, name, num_items }) => (
          <option key={id} value={id}>
            {name} ({counted(num_items, "item")})
          </option>
        ))}
      </SelectField>
    </section>
  );
}
