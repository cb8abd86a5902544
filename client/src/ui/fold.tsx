import type { ReactNode } from "react";
import { Icon } from "@/ui/icon";

interface FoldProps {
  summary: ReactNode;
  open?: boolean | undefined;
  onToggle?: (open: boolean) => void;
  children: ReactNode;
}

/** Something that can be unfolded. */
export function Fold({ summary, open, onToggle, children }: FoldProps) {
  return (
    <details className="group" open={open} onToggle={(event) => onToggle?.(event.currentTarget.open)}>
      <summary className="target inline-flex list-none items-center gap-1 font-medium text-ink-soft hover:text-ink [&::-webkit-details-marker]:hidden">
        <Icon name="right" className="size-4 transition-transform group-open:rotate-90" />
        {summary}
      </summary>
      {children}
    </details>
  );
}
