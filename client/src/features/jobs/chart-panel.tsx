// The loss chart with its controls, its values in words, and a table for those who cannot see it.
import { lazy, Suspense, useState } from "react";
import { count, loss } from "@/lib/format";
import type { MetricPoint } from "@/lib/wire";
import { Fold } from "@/ui/fold";
import { Loading } from "@/ui/notices";
import { Section } from "@/ui/page";
import type { ChartPoint } from "./loss-chart";

const LossChart = lazy(() => import("./loss-chart"));

export function ChartPanel({ points, live }: { points: readonly MetricPoint[]; live: boolean }) {
  const [smoothing, setSmoothing] = useState(0.6);
  const [logScale, setLogScale] = useState(false);
  const [under, setUnder] = useState<ChartPoint | null>(null);
  return (
    <Section title="Loss">
      <div className="card grid gap-3 p-4">
        {points.length === 0 ? (
          <p className="py-8 text-ink-soft">{live ? "The curve begins with the first step." : "This run ended before its first step."}</p>
        ) : (
          <>
            <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
              <label className="target flex items-center gap-2">
                Smoothing
                <input type="range" min={0} max={0.99} step={0.01} value={smoothing} onChange={(event) => setSmoothing(Number(event.target.value))} />
                <output className="w-8">{smoothing.toFixed(2)}</output>
              </label>
              <label className="target flex items-center gap-2">
                <input type="checkbox" className="size-4" checked={logScale} onChange={(event) => setLogScale(event.target.checked)} />
                Logarithmic
              </label>
            </div>
            <Suspense fallback={<Loading what="Drawing" />}>
              <LossChart points={points} smoothing={smoothing} logScale={logScale} onPoint={setUnder} />
            </Suspense>
            <Readout under={under} />
            <ValidationTable points={points} />
          </>
        )}
      </div>
    </Section>
  );
}

/** The legend; under the crosshair, with values. */
function Readout({ under }: { under: ChartPoint | null }) {
  return (
    <p className="flex flex-wrap gap-x-5 gap-y-1 text-ink-soft">
      <span className="min-w-24">{under ? `Step ${count(under.step)}` : "By step"}</span>
      <Key token="--chart-train" name="Training" value={under?.smoothed} />
      <Key token="--chart-train-faint" name="as measured" value={under?.train} />
      <Key token="--chart-validation" name="Validation" value={under?.validation} dashed />
      <span className="text-xs">Drag to zoom, double click to see all.</span>
    </p>
  );
}

function Key({ token, name, value, dashed = false }: { token: string; name: string; value: number | null | undefined; dashed?: boolean }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span aria-hidden="true" className={`w-5 border-t-2 ${dashed ? "border-dashed" : ""}`} style={{ borderColor: `var(${token})` }} />
      {name}
      {value != null && <span className="font-medium text-ink">{loss(value)}</span>}
    </span>
  );
}

function ValidationTable({ points }: { points: readonly MetricPoint[] }) {
  const measured = points.filter(({ validation_loss }) => validation_loss != null);
  if (measured.length === 0) return null;
  return (
    <Fold summary="Validation loss as a table">
      <table className="mt-2 text-right">
        <thead className="text-xs text-ink-soft">
          <tr>
            <th className="pr-8 font-medium">Step</th>
            <th className="font-medium">Validation loss</th>
          </tr>
        </thead>
        <tbody>
          {measured.map(({ step, validation_loss }) => (
            <tr key={step}>
              <td className="pr-8">{count(step)}</td>
              <td>{loss(validation_loss)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Fold>
  );
}
