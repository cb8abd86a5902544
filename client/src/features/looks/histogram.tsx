// How long the examples are, as bars, and as a table for those who do not see bars.
import { count } from "@/lib/format";
import type { HistogramBin } from "@/lib/wire";
import { Fold } from "@/ui/fold";

const HEIGHT = 96;
const BAR = 20;
const GAP = 2;

export function Histogram({ bins }: { bins: readonly HistogramBin[] }) {
  const first = bins[0];
  const last = bins.at(-1);
  if (!first || !last) return null;
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  return (
    <figure className="grid gap-1">
      <figcaption className="text-xs text-ink-soft">Examples by number of tokens</figcaption>
      <svg
        role="img"
        aria-label={`Histogram: from ${count(first.low)} to ${count(last.high)} tokens an example; the table below has the numbers.`}
        viewBox={`0 0 ${bins.length * BAR} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-24 w-full border-b border-line-strong"
      >
        {bins.map((bin, place) => {
          // A bar for one example among thousands is still to be seen.
          const height = bin.count === 0 ? 0 : Math.max(2, (bin.count / most) * HEIGHT);
          return (
            <rect key={place} x={place * BAR + GAP / 2} y={HEIGHT - height} width={BAR - GAP} height={height} className="fill-accent">
              <title>{`${range(bin)} tokens: ${count(bin.count)}`}</title>
            </rect>
          );
        })}
      </svg>
      <div className="flex justify-between text-xs text-ink-soft" aria-hidden="true">
        <span>{count(first.low)}</span>
        <span>{count(last.high)} tokens</span>
      </div>
      <Fold summary="The same as a table">
        <table className="mt-1 text-left">
          <thead className="text-xs text-ink-soft">
            <tr>
              <th className="py-1 pr-8 font-medium">Tokens</th>
              <th className="py-1 text-right font-medium">Examples</th>
            </tr>
          </thead>
          <tbody>
            {bins.map((bin, place) => (
              <tr key={place}>
                <td className="pr-8">{range(bin)}</td>
                <td className="text-right">{count(bin.count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Fold>
    </figure>
  );
}

function range({ low, high }: HistogramBin): string {
  return low === high ? count(low) : `${count(low)} to ${count(high)}`;
}
