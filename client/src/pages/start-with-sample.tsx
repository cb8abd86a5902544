// The shortest way to a first model: copies a sample data set and opens the form with it.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { samplesQuery, useCopySample } from "@/features/documents/queries";
import { messageOf } from "@/lib/errors";
import { Button } from "@/ui/button";
import { toast } from "@/ui/toasts";

export function StartWithSample() {
  const navigate = useNavigate();
  const { data: samples } = useQuery(samplesQuery);
  const copy = useCopySample();

  function start() {
    const sample = samples?.data[0];
    if (!sample) return void navigate({ to: "/documents" });
    copy.mutate(sample.id, {
      onSuccess: (document) => void navigate({ to: "/jobs/new", search: { document: document.id, model: sample.suggested_base_model } }),
      onError: (error) => toast(messageOf(error), "failed"),
    });
  }

  return (
    <Button look="primary" icon="play" busy={copy.isPending} onClick={start}>
      Start with the sample data
    </Button>
  );
}
