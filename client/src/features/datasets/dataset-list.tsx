// Saved datasets: what is in each, and how it is split.
import { useState } from "react";
import { count, counted, setting } from "@/lib/format";
import type { Dataset, Document } from "@/lib/wire";
import { IconButton, LinkButton, TextLink } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { Facts, Id, TimeAgo } from "@/ui/text";
import { toast } from "@/ui/toasts";
import { useDeleteDataset } from "./queries";

interface DatasetListProps {
  datasets: readonly Dataset[];
  /** To name what is in them; one that is not here is shown by its id. */
  documents: readonly Document[];
}

export function DatasetList({ datasets, documents }: DatasetListProps) {
  const [asking, setAsking] = useState<Dataset | null>(null);
  const remove = useDeleteDataset();
  return (
    <>
      <ul className="grid grid-cols-[minmax(0,1fr)] gap-2">
        {datasets.map((dataset) => (
          <li key={dataset.id} className="card grid grid-cols-[minmax(0,1fr)] gap-3 p-4">
            <div className="flex flex-wrap items-start justify-between gap-2">
              <div className="min-w-0 flex-1 basis-48">
                <h3 className="break-words">{dataset.name}</h3>
                <p className="text-xs text-ink-soft">
                  Made <TimeAgo at={dataset.created_at} />
                </p>
              </div>
              <div className="flex gap-2">
                <LinkButton to="/jobs/new" search={{ dataset: dataset.id }} icon="play">
                  Train on this
                  <span className="sr-only">: {dataset.name}</span>
                </LinkButton>
                <IconButton icon="trash" label={`Delete ${dataset.name}`} onClick={() => setAsking(dataset)} />
              </div>
            </div>
            <Contents dataset={dataset} documents={documents} />
          </li>
        ))}
      </ul>
      <ConfirmDialog
        title={`Delete “${asking?.name ?? ""}”?`}
        consequence="Only this list goes. Its documents stay, and so do jobs and models that were made from it."
        action="Delete it"
        open={asking !== null}
        onClose={() => setAsking(null)}
        onConfirm={async () => {
          if (asking === null) return;
          await remove.mutateAsync(asking.id);
          toast(`“${asking.name}” is deleted.`);
        }}
      />
    </>
  );
}

function Contents({ dataset, documents }: { dataset: Dataset; documents: readonly Document[] }) {
  const { split } = dataset;
  return (
    <>
      <ol className="list-inside list-decimal">
        {dataset.document_ids.map((id) => (
          <li key={id} className="break-words">
            <DocumentLink id={id} documents={documents} />
          </li>
        ))}
      </ol>
      <Facts
        facts={[
          ["Examples", count(dataset.num_examples)],
          ["Characters", count(dataset.num_characters)],
          [
            "Measured on",
            split.kind === "document" ? <DocumentLink key="split" id={split.document_id} documents={documents} /> : splitWords(split.fraction, split.seed),
            "wide",
          ],
          ["Content", <Id key="content" value={dataset.content_sha256.slice(0, 16)} />, "wide"],
        ]}
      />
    </>
  );
}

function splitWords(fraction: number | "auto", seed: number | "auto"): string {
  const share = fraction === "auto" ? "a share, auto" : fraction === 0 ? "nothing" : `${setting(fraction * 100)} % of the examples`;
  return seed === "auto" ? share : `${share}, seed ${seed}`;
}

function DocumentLink({ id, documents }: { id: string; documents: readonly Document[] }) {
  const document = documents.find((one) => one.id === id);
  return (
    <TextLink to="/documents/$documentId" params={{ documentId: id }}>
      {document ? `${document.name} (${counted(document.num_examples, "example")})` : id}
    </TextLink>
  );
}
