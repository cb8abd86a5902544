// What was foretold of a job against what it took; while it runs, against what it is expected to take.
import { amount, bytes, count, duration, money, range } from "@/lib/format";
import type { ForecastLine, Job } from "@/lib/wire";
import { Section } from "@/ui/page";

export function Costs({ job }: { job: Job }) {
  const said = job.costs.filter(({ low, high }) => low !== null && high !== null);
  if (said.length === 0) return null;
  const over = said.some(({ actual }) => actual !== null);
  const live = said.some(({ expected }) => expected !== null);
  return (
    <Section title="Forecast against actual">
      <div className="card overflow-x-auto">
        <table className="w-full text-left">
          <thead className="border-b border-line text-xs text-ink-soft">
            <tr>
              <th className="px-4 py-2 font-medium">
                <span className="sr-only">What</span>
              </th>
              <th className="px-4 py-2 text-right font-medium">Forecast</th>
              {(over || live) && <th className="px-4 py-2 text-right font-medium">{over ? "Actual" : "Now expected"}</th>}
              {over && <th className="hidden px-4 py-2 font-medium sm:table-cell">Held?</th>}
            </tr>
          </thead>
          <tbody className="divide-y divide-line tabular-nums">
            {said.map((line) => (
              <Line key={line.name} line={line} over={over} live={live} />
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function Line({ line, over, live }: { line: ForecastLine; over: boolean; live: boolean }) {
  const show = shower(line);
  const came = over ? line.actual : line.expected;
  return (
    <tr>
      <td className="px-4 py-1.5">
        {line.title}
        {over && line.actual !== null && <span className="block text-xs text-ink-soft sm:hidden">{line.words}</span>}
      </td>
      <td className="px-4 py-1.5 text-right">{range(line.low ?? 0, line.high ?? 0, show)}</td>
      {(over || live) && <td className="px-4 py-1.5 text-right">{came === null ? "–" : show(came)}</td>}
      {over && <td className="hidden px-4 py-1.5 text-ink-soft sm:table-cell">{line.actual === null ? "" : line.words}</td>}
    </tr>
  );
}

function shower({ name, currency }: ForecastLine): (value: number) => string {
  switch (name) {
    case "seconds":
      return duration;
    case "memory_bytes":
    case "disk_bytes":
      return bytes;
    case "money":
      return (value) => money(value, currency ?? "USD");
    case "tokens":
      return amount;
    default:
      return count;
  }
}
