// Where the difference between two models lies: a bar around "no difference", worse to the left and better to the right.
import type { Verdict } from "@/lib/wire";
import { gainOf, gainWords, onLine } from "./verdicts";

const COLOURS: Record<Verdict["verdict"], string> = { improved: "text-good", no_change: "text-ink-soft", regressed: "text-bad" };

const HEIGHT = 28;
const MIDDLE = HEIGHT / 2;

export function IntervalBar({ verdict }: { verdict: Verdict }) {
  const gain = gainOf(verdict);
  const { from, to, at } = onLine(gain);
  const words = gainWords(verdict.metric, gain);
  const sure = Math.round(verdict.confidence * 100);
  return (
    <figure className="grid max-w-md gap-1">
      <svg width="100%" height={HEIGHT} role="img" aria-label={`With ${sure} % confidence ${words}.`} className={`overflow-visible ${COLOURS[verdict.verdict]}`}>
        <line x1="0" x2="100%" y1={MIDDLE} y2={MIDDLE} stroke="var(--line-strong)" strokeWidth="1" />
        <rect x={`${from}%`} width={`${Math.max(0.5, to - from)}%`} y={MIDDLE - 6} height="12" rx="3" fill="currentColor" opacity="0.3" />
        <line x1={`${from}%`} x2={`${from}%`} y1={MIDDLE - 6} y2={MIDDLE + 6} stroke="currentColor" strokeWidth="2" />
        <line x1={`${to}%`} x2={`${to}%`} y1={MIDDLE - 6} y2={MIDDLE + 6} stroke="currentColor" strokeWidth="2" />
        <line x1="50%" x2="50%" y1="1" y2={HEIGHT - 1} stroke="var(--ink)" strokeWidth="1.5" strokeDasharray="3 2" />
        <circle cx={`${at}%`} cy={MIDDLE} r="4.5" fill="currentColor" />
      </svg>
      <div aria-hidden="true" className="grid grid-cols-3 text-xs text-ink-soft">
        <span>← worse</span>
        <span className="text-center">no difference</span>
        <span className="text-right">better →</span>
      </div>
      <figcaption className="text-ink-soft">
        With {sure}&nbsp;% confidence: <span className="font-medium text-ink">{words}</span>
      </figcaption>
    </figure>
  );
}
