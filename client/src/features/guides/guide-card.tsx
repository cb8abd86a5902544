// One guide as it was read: its prose in passages, its scored items, and what was noticed. Everything that training will see of it.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { count, counted } from "@/lib/format";
import type { Guide } from "@/lib/wire";
import { IconButton, TextLink } from "@/ui/button";
import { Fold } from "@/ui/fold";
import { MoreButton } from "@/ui/more";
import { Failed, Loading, Note } from "@/ui/notices";
import { Facts } from "@/ui/text";
import { scaleWords } from "./item-fields";
import { guideQuery, passagesQuery } from "./queries";
import { ScoredItems } from "./scored-items";

/** `onRemove` takes it out of what is trained on; the guide itself stays. */
export function GuideCard({ id, onRemove }: { id: string; onRemove: () => void }) {
  const guide = useQuery(guideQuery(id));
  if (guide.isPending) return <Loading what="Loading the guide" />;
  if (!guide.data) return <Failed what="This guide" error={guide.error} onRetry={() => void guide.refetch()} />;
  return <Read guide={guide.data} onRemove={onRemove} />;
}

function Read({ guide, onRemove }: { guide: Guide; onRemove: () => void }) {
  const nothing = guide.num_passages === 0 && guide.num_scored_items === 0;
  return (
    <article aria-label={guide.name} className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
      <header className="flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <h3 className="break-words">{guide.name}</h3>
          <p className="text-xs text-ink-soft">
            {guide.description && <span className="block">{guide.description}</span>}
            <TextLink to="/documents/$documentId" params={{ documentId: guide.document_id }} className="break-all">
              {guide.filename}
            </TextLink>
          </p>
        </div>
        <IconButton icon="cross" label={`Do not train on ${guide.name}`} onClick={onRemove} />
      </header>
      {nothing ? (
        <Note tone="warn">Nothing that could be learned was found in this file. Is it a scan without text? Try another file.</Note>
      ) : (
        <Facts
          facts={[
            ["Passages", count(guide.num_passages)],
            ["Characters", count(guide.num_characters)],
            ["Scored items", count(guide.num_scored_items)],
            ...(guide.num_scored_items > 0 ? [["Scores", scaleWords(guide)] as const] : []),
          ]}
        />
      )}
      {guide.warnings.length > 0 && (
        <Note tone="warn">
          <ul className="grid gap-1">
            {guide.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </Note>
      )}
      {guide.num_passages > 0 && <Passages guide={guide} />}
      <ScoredItems guide={guide} />
    </article>
  );
}

function Passages({ guide }: { guide: Guide }) {
  const [open, setOpen] = useState(false);
  return (
    <Fold summary={`Read the ${counted(guide.num_passages, "passage")}`} open={open} onToggle={setOpen}>
      {open && <PassageList guideId={guide.id} />}
    </Fold>
  );
}

function PassageList({ guideId }: { guideId: string }) {
  const passages = useInfiniteQuery(passagesQuery(guideId));
  if (passages.isPending) return <Loading what="Loading the passages" />;
  if (passages.isError) return <Failed what="The passages" error={passages.error} onRetry={() => void passages.refetch()} />;
  return (
    <div className="mt-1 grid gap-2">
      <ol className="grid max-h-96 gap-3 overflow-y-auto rounded-md bg-sunken p-3" tabIndex={0} aria-label="Passages">
        {passages.data.map(({ id, position, text }) => (
          <li key={id} className="grid grid-cols-[2rem_minmax(0,1fr)] gap-1">
            <span className="text-xs text-ink-soft">{position + 1}</span>
            <p className="max-w-prose break-words whitespace-pre-line">{text}</p>
          </li>
        ))}
      </ol>
      <MoreButton query={passages} />
    </div>
  );
}
