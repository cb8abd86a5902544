// The data sets that come with the product.
import { bytes } from "@/lib/format";
import type { Sample } from "@/lib/wire";
import { Button } from "@/ui/button";

interface SampleListProps {
  samples: readonly Sample[];
  busyId: string | null;
  onChoose: (sample: Sample) => void;
}

export function SampleList({ samples, busyId, onChoose }: SampleListProps) {
  return (
    <ul className="grid gap-2 sm:grid-cols-2">
      {samples.map((sample) => (
        <li key={sample.id} className="card grid content-start justify-items-start gap-2 p-4">
          <h3>{sample.name}</h3>
          <p className="text-ink-soft">{sample.description}</p>
          <p className="text-xs text-ink-soft">{bytes(sample.size_bytes)}</p>
          <Button busy={busyId === sample.id} onClick={() => onChoose(sample)}>
            Use this sample
            <span className="sr-only">: {sample.name}</span>
          </Button>
        </li>
      ))}
    </ul>
  );
}
