// Two versions of one thing beside each other; below each other where there is no room.
import type { ReactNode } from "react";

type Side = readonly [title: string, content: ReactNode];

export function SideBySide({ first, second }: { first: Side; second: Side }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3 md:grid-cols-2">
      {[first, second].map(([title, content]) => (
        <section key={title} aria-label={title} className="grid content-start gap-1">
          <h4 className="text-xs font-medium">{title}</h4>
          {content}
        </section>
      ))}
    </div>
  );
}
