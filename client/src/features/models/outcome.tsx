import { change, loss } from "@/lib/format";
import type { TunedModel } from "@/lib/wire";

/** Validation loss before and after, with what that means. */
export function Outcome({ model: { validation_loss_before: before, validation_loss: after } }: { model: TunedModel }) {
  if (after === null) return <span className="text-ink-soft">not measured</span>;
  if (before === null) return <span>{loss(after)}</span>;
  const better = after < before;
  return (
    <span>
      {loss(before)} <span aria-label="became">→</span> <span className="font-medium">{loss(after)}</span>{" "}
      <span className={better ? "text-good" : "text-warn"}>({change(before, after)})</span>
    </span>
  );
}
