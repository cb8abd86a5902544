// Guides that are here already, to be trained on again or to be deleted.
import { useState } from "react";
import { counted } from "@/lib/format";
import type { Guide } from "@/lib/wire";
import { IconButton } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { useDeleteGuide } from "./queries";

interface GuideChoiceProps {
  guides: readonly Guide[];
  chosen: readonly string[];
  onChoose: (id: string, on: boolean) => void;
}

export function GuideChoice({ guides, chosen, onChoose }: GuideChoiceProps) {
  const [deleting, setDeleting] = useState<Guide | null>(null);
  const remove = useDeleteGuide();
  return (
    <>
      <ul className="card max-h-72 divide-y divide-line overflow-y-auto">
        {guides.map((guide) => (
          <li key={guide.id} className="flex items-center pr-1">
            <label className="flex min-h-11 min-w-0 flex-1 items-center gap-3 px-4 py-2 hover:bg-hover">
              <input type="checkbox" className="size-4 shrink-0" checked={chosen.includes(guide.id)} onChange={(event) => onChoose(guide.id, event.target.checked)} />
              <span className="min-w-0 flex-1">
                <span className="block font-medium break-words">{guide.name}</span>
                <span className="text-xs text-ink-soft">
                  {counted(guide.num_passages, "passage")}, {counted(guide.num_scored_items, "scored item")}
                </span>
              </span>
            </label>
            <IconButton icon="trash" label={`Delete the guide ${guide.name}`} onClick={() => setDeleting(guide)} />
          </li>
        ))}
      </ul>
      <ConfirmDialog
        title={`Delete the guide “${deleting?.name ?? ""}”?`}
        consequence="Its file, what was read from it and your corrections go with it. Models that learned from it stay."
        action="Delete the guide"
        open={deleting !== null}
        onClose={() => setDeleting(null)}
        onConfirm={async () => {
          if (!deleting) return;
          await remove.mutateAsync(deleting.id);
          onChoose(deleting.id, false);
        }}
      />
    </>
  );
}
