// The other measurements of a run, each small, all with the crosshair of the loss: what the optimizer did and what the machine gave.
import { lazy, Suspense, useMemo, useState } from "react";
import { bytes, count, setting } from "@/lib/format";
import type { MetricPoint } from "@/lib/wire";
import { Section } from "@/ui/page";
import { axisOf, drawn } from "./chart-points";
import type { ChartView } from "./chart-view";
import type { Series } from "./line-chart";

const LineChart = lazy(() => import("./line-chart"));

interface Panel {
  of: "preference_accuracy" | "reward_margin" | "learning_rate" | "grad_norm" | "tokens_per_s" | "memory_bytes" | "cpu_percent" | "gpu_percent";
  title: string;
  words: (value: number) => string;
  /** The same of the validation part, drawn beside it. */
  validation?: "validation_preference_accuracy" | "validation_reward_margin";
}

const percent = (value: number) => `${count(value)}\u00a0%`;

const PANELS: readonly Panel[] = [
  { of: "preference_accuracy", title: "Pairs right", words: (value) => percent(100 * value), validation: "validation_preference_accuracy" },
  { of: "reward_margin", title: "Reward margin", words: (value) => value.toFixed(2), validation: "validation_reward_margin" },
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

function MetricPanel({ panel: { of, title, words, validation }, points, view, onView, together }: MetricPanelsProps & { panel: Panel }) {
  const [under, setUnder] = useState<number | null>(null);
  const shown = useMemo(() => drawn(points.filter((point) => typeof point[of] === "number" || (validation !== undefined && typeof point[validation] === "number")), view), [points, of, validation, view]);
  const axis = useMemo(() => axisOf(shown, view.by), [shown, view.by]);
  const series = useMemo(() => seriesOf(shown, { of, title, validation }), [shown, of, title, validation]);
  const value = (under === null ? undefined : shown[under]?.[of]) ?? shown.findLast((point) => typeof point[of] === "number")?.[of];
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

function seriesOf(shown: readonly MetricPoint[], { of, title, validation }: Omit<Panel, "words" | "validation"> & { validation: Panel["validation"] | undefined }): Series[] {
  const measured: Series = { label: title, values: shown.map((point) => point[of] ?? null), token: "--chart-other", width: 1.5 };
  if (validation === undefined) return [measured];
  return [
    { ...measured, label: "Training" },
    { label: "Validation", values: shown.map((point) => point[validation] ?? null), token: "--chart-validation", dash: [6, 4], dots: true },
  ];
}
