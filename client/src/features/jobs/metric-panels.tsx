// The other measurements of a run, each small, all with the crosshair of the loss: what the optimizer did and what the machine gave.
import { lazy, Suspense, useMemo, useState } from "react";
import { bytes, count, setting } from "@/lib/format";
import type { MetricPoint } from "@/lib/wire";
import { Section } from "@/ui/page";
import { axisOf, drawn } from "./chart-points";
import type { ChartView } from "./chart-view";

const LineChart = lazy(() => import("./line-chart"));

interface Panel {
  of: "learning_rate" | "grad_norm" | "tokens_per_s" | "memory_bytes" | "cpu_percent" | "gpu_percent";
  title: string;
  words: (value: number) => string;
}

const percent = (value: number) => `${count(value)}\u00a0%`;

const PANELS: readonly Panel[] = [
  { of: "learning_rate", title: "Learning rate", words: (value) => setting(Number(value.toPrecision(3))) },
  { of: "grad_norm", title: "Gradient norm", words: (value) => value.toFixed(2) },
  { of: "tokens_per_s", title: "Tokens per second", words: count },
  { of: "memory_bytes", title: "Memory", words: bytes },
  { of: "cpu_percent", title: "CPU", words: percent },
  { of: "gpu_percent", title: "GPU", words: percent },
];

interface MetricPanelsProps {
  points: readonly MetricPoint[];
  view: ChartView;
  onView: (view: ChartView) => void;
  together: string;
}

/** Only of what was measured: no GPU, no panel. */
export function MetricPanels({ points, view, onView, together }: MetricPanelsProps) {
  const measured = PANELS.filter(({ of }) => points.some((point) => typeof point[of] === "number"));
  if (measured.length === 0) return null;
  return (
    <Section title="Optimizer and machine">
      <ul className="grid grid-cols-[minmax(0,1fr)] gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {measured.map((panel) => (
          <li key={panel.of} className="card grid grid-cols-[minmax(0,1fr)] gap-2 p-3">
            <MetricPanel panel={panel} points={points} view={view} onView={onView} together={together} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function MetricPanel({ panel: { of, title, words }, points, view, onView, together }: MetricPanelsProps & { panel: Panel }) {
  const [under, setUnder] = useState<number | null>(null);
  const shown = useMemo(() => drawn(points.filter((point) => typeof point[of] === "number"), view), [points, of, view]);
  const axis = useMemo(() => axisOf(shown, view.by), [shown, view.by]);
  const series = useMemo(() => [{ label: title, values: shown.map((point) => point[of] ?? null), token: "--chart-other", width: 1.5 }], [shown, of, title]);
  const value = (under === null ? undefined : shown[under]?.[of]) ?? shown.at(-1)?.[of];
  return (
    <>
      <h3 className="flex items-baseline justify-between gap-2 text-sm">
        {title}
        <span className="font-normal">{typeof value === "number" && words(value)}</span>
      </h3>
      <Suspense fallback={<div className="h-32" />}>
        <LineChart
          label={title}
          x={axis}
          series={series}
          height={128}
          zoom={view.zoom}
          onZoom={(zoom) => onView({ ...view, zoom })}
          onPoint={setUnder}
          along={view.by}
          formatY={words}
          together={together}
        />
      </Suspense>
    </>
  );
}
