// Problems of a file by their place, the first of them here and all of them in a file.
import type { ErrorDetail, Problem } from "@/lib/wire";

export const FIRST_PROBLEMS = 20;

type Noticed = Pick<ErrorDetail, "message"> & Partial<Problem>;

export function ProblemList({ problems }: { problems: readonly Noticed[] }) {
  return (
    <ul className="grid gap-1.5">
      {problems.slice(0, FIRST_PROBLEMS).map((problem, index) => (
        <li key={index}>
          <ProblemEntry problem={problem} />
        </li>
      ))}
    </ul>
  );
}

function ProblemEntry({ problem }: { problem: Noticed }) {
  const place = placeOf(problem);
  return (
    <span className="grid gap-x-3 sm:grid-cols-[minmax(4.5rem,max-content)_minmax(0,1fr)]">
      <span className="font-mono text-xs leading-relaxed break-all">{place}</span>
      <span className="min-w-0 break-words">
        {withoutPlace(problem)}
        {problem.fix && !problem.message.includes(problem.fix) && <span className="block text-ink-soft">{problem.fix}</span>}
      </span>
    </span>
  );
}

function placeOf({ line, page, member }: Noticed): string {
  const places = [member, typeof page === "number" && `Page ${page}`, typeof line === "number" && `Line ${line}`];
  return places.filter(Boolean).join(", ");
}

/** The line is said once, even when the message begins with it. */
function withoutPlace({ line, message }: Noticed): string {
  return typeof line === "number" ? message.replace(`Line ${line}: `, "") : message;
}
