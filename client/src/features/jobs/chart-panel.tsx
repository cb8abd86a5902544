// The loss chart with its controls, its values in words, and a table for those who cannot see it. The panels below share its crosshair,
// its axis and its zoom.
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { downloadBlob, downloadText } from "@/lib/download";
import { count, duration, loss } from "@/lib/format";
import type { MetricPoint } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Fold } from "@/ui/fold";
import { Loading } from "@/ui/notices";
import { Section } from "@/ui/page";
import { ChartControls } from "./chart-controls";
import { axisOf, bestOf, drawn } from "./chart-points";
import type { ChartView } from "./chart-view";
import type { ChartHandle, Series } from "./line-chart";
import { MetricPanels } from "./metric-panels";
import { pointsCsv } from "./points-csv";
import { smooth } from "./smoothing";

const LineChart = lazy(() => import("./line-chart"));

/** What lies under a crosshair is read from all charts of a run at once. */
const TOGETHER = "run";

interface ChartPanelProps {
  name: string;
  points: readonly MetricPoint[];
  live: boolean;
  view: ChartView;
  onView: (view: ChartView) => void;
}

export function ChartPanel({ name, points, live, view, onView }: ChartPanelProps) {
  return (
    <>
      <LossPanel name={name} points={points} live={live} view={view} onView={onView} />
      {points.length > 0 && <MetricPanels points={points} view={view} onView={onView} together={TOGETHER} />}
    </>
  );
}

/** The loss alone, for those who want to know nothing else. */
export function LossPanel({ name, points, live, view, onView }: ChartPanelProps) {
  return (
    <Section title="Loss">
      <div className="card grid grid-cols-[minmax(0,1fr)] gap-3 p-4">
        {points.length === 0 ? (
          <p className="py-8 text-ink-soft">{live ? "The curve begins with the first step." : "This run ended before its first step."}</p>
        ) : (
          <LossChart name={name} points={points} view={view} onView={onView} />
        )}
      </div>
    </Section>
  );
}

type LossChartProps = Omit<ChartPanelProps, "live">;

function LossChart({ name, points, view, onView }: LossChartProps) {
  const [under, setUnder] = useState<number | null>(null);
  const chart = useRef<ChartHandle>(null);
  const smoothed = useMemo(() => smoothedLoss(points, view.smoothing), [points, view.smoothing]);
  const shown = useMemo(() => drawn(smoothed, view), [smoothed, view]);
  const axis = useMemo(() => axisOf(shown, view.by), [shown, view.by]);
  const series = useMemo(() => lossSeries(shown), [shown]);
  const best = useMemo(() => bestOf(points), [points]);

  async function savePicture() {
    const picture = await chart.current?.picture(`Loss of ${name}`);
    if (picture) downloadBlob(`${name} loss.png`, picture);
  }

  return (
    <>
      <ChartControls view={view} onView={onView}>
        <Button look="quiet" icon="download" onClick={() => void savePicture()}>
          PNG
        </Button>
        <Button look="quiet" icon="download" onClick={() => downloadText(`${name}.csv`, pointsCsv(points, view.smoothing))}>
          CSV
        </Button>
      </ChartControls>
      <Suspense fallback={<Loading what="Drawing" />}>
        <LineChart
          ref={chart}
          label="Loss"
          x={axis}
          series={series}
          logScale={view.log}
          zoom={view.zoom}
          onZoom={(zoom) => onView({ ...view, zoom })}
          onPoint={setUnder}
          marker={best && { x: view.by === "step" ? best.step : best.elapsed_s, y: best.validation_loss, label: "best", token: "--chart-validation" }}
          along={view.by}
          together={TOGETHER}
        />
      </Suspense>
      <Readout point={under === null ? undefined : shown[under]} smoothing={view.smoothing} by={view.by} />
      {best && (
        <p className="text-ink-soft">
          Best validation loss: <span className="font-medium text-ink">{loss(best.validation_loss)}</span> at step {count(best.step)}.
        </p>
      )}
      <ValidationTable points={points} />
    </>
  );
}

type SmoothedPoint = MetricPoint & { smoothed: number | null };

function smoothedLoss(points: readonly MetricPoint[], weight: number): SmoothedPoint[] {
  const values = smooth(
    points.map(({ step }) => step),
    points.map((point) => point.loss ?? null),
    weight,
  );
  return points.map((point, index) => ({ ...point, smoothed: values[index] ?? null }));
}

function lossSeries(points: readonly SmoothedPoint[]): Series[] {
  return [
    { label: "Training, as measured", values: points.map((point) => point.loss ?? null), token: "--chart-train-faint", width: 1 },
    { label: "Training", values: points.map(({ smoothed }) => smoothed), token: "--chart-train" },
    { label: "Validation", values: points.map((point) => point.validation_loss ?? null), token: "--chart-validation", dash: [6, 4], dots: true },
  ];
}

/** The legend; under the crosshair, with values. */
function Readout({ point, smoothing, by }: { point: SmoothedPoint | undefined; smoothing: number; by: ChartView["by"] }) {
  return (
    <p className="flex flex-wrap gap-x-5 gap-y-1 text-ink-soft">
      <span className="min-w-24">{point ? `Step ${count(point.step)}, ${duration(point.elapsed_s)}` : by === "step" ? "By step" : "By time of training"}</span>
      <Key token="--chart-train" name={smoothing > 0 ? "Training, smoothed" : "Training"} value={point?.smoothed} />
      {smoothing > 0 && <Key token="--chart-train-faint" name="as measured" value={point?.loss} />}
      <Key token="--chart-validation" name="Validation" value={point?.validation_loss} dashed />
      <span className="hidden text-xs md:inline">Drag to zoom, double click to see all.</span>
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
