// Tuned models with what their newest test said of each.
import { useQuery } from "@tanstack/react-query";
import { ModelList } from "@/features/models/model-list";
import { evaluationsQuery } from "@/features/testing/queries";
import { VerdictBadge } from "@/features/testing/verdict-badge";
import type { TunedModel } from "@/lib/wire";

export function TestedModels({ models }: { models: readonly TunedModel[] }) {
  const { data: tests } = useQuery({ ...evaluationsQuery(), retry: false });
  return (
    <ModelList
      models={models}
      verdict={({ id }) => {
        const newest = tests?.data.find(({ state, tuned_model_ids }) => state === "succeeded" && tuned_model_ids.includes(id));
        return newest && <VerdictBadge evaluation={newest} modelId={id} />;
      }}
    />
  );
}
