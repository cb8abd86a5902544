// Guides that are here already, to be trained on again.
import { counted } from "@/lib/format";
import type { Guide } from "@/lib/wire";

interface GuideChoiceProps {
  guides: readonly Guide[];
  chosen: readonly string[];
  onChoose: (id: string, on: boolean) => void;
}

export function GuideChoice({ guides, chosen, onChoose }: GuideChoiceProps) {
  return (
    <ul className="card max-h-72 divide-y divide-line overflow-y-auto">
      {guides.map((guide) => (
        <li key={guide.id}>
          <label className="flex min-h-11 items-center gap-3 px-4 py-2 hover:bg-hover">
            <input type="checkbox" className="size-4 shrink-0" checked={chosen.includes(guide.id)} onChange={(event) => onChoose(guide.id, event.target.checked)} />
            <span className="min-w-0 flex-1">
              <span className="block font-medium break-words">{guide.name}</span>
              <span className="text-xs text-ink-soft">
                {counted(guide.num_passages, "passage")}, {counted(guide.num_scored_items, "scored item")}
              </span>
            </span>
          </label>
        </li>
      ))}
    </ul>
  );
}
