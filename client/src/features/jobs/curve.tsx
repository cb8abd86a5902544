// A small training-loss curve for lists, without axes: its shape is all it says.
import type { MetricPoint } from "@/lib/wire";

const WIDTH = 240;
const HEIGHT = 48;

export function Curve({ points }: { points: readonly MetricPoint[] }) {
  const measured = points.flatMap(({ step, loss }) => (typeof loss === "number" ? [{ step, loss }] : []));
  if (measured.length < 2) return null;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={describe(measured)} className="h-12 w-full text-accent">
      <polyline points={path(measured)} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" strokeLinejoin="round" />
    </svg>
  );
}

function path(points: readonly { step: number; loss: number }[]): string {
  const losses = points.map(({ loss }) => loss);
  const low = Math.min(...losses);
  const span = Math.max(...losses) - low || 1;
  const first = points[0]?.step ?? 0;
  const length = (points.at(-1)?.step ?? 0) - first || 1;
  return points
    .map(({ step, loss }) => `${(((step - first) / length) * WIDTH).toFixed(1)},${(2 + (1 - (loss - low) / span) * (HEIGHT - 4)).toFixed(1)}`)
    .join(" ");
}

function describe(points: readonly { step: number; loss: number }[]): string {
  const [first, last] = [points[0], points.at(-1)];
  return `Training loss from ${first?.loss.toFixed(2)} at step ${first?.step} to ${last?.loss.toFixed(2)} at step ${last?.step}`;
}
