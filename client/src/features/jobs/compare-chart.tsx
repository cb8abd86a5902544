// The curves of several runs over each other, each with its own colour and stroke, and their values under the crosshair.
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import { toCsv } from "@/lib/csv";
import { downloadBlob, downloadText } from "@/lib/download";
import { count, duration, loss } from "@/lib/format";
import { Button } from "@/ui/button";
import { Loading } from "@/ui/notices";
import { ChartControls } from "./chart-controls";
import { axisOf, drawn } from "./chart-points";
import type { ChartView } from "./chart-view";
import { joined, type ComparedRun } from "./comparison";
import type { ChartHandle } from "./line-chart";
import { strokeOf } from "./run-strokes";
import { smooth } from "./smoothing";

const LineChart = lazy(() => import("./line-chart"));

export type Compared = "validation" | "train";

interface CompareChartProps {
  runs: readonly ComparedRun[];
  what: Compared;
  onWhat: (what: Compared) => void;
  view: ChartView;
  onView: (view: ChartView) => void;
}

export function CompareChart({ runs, what, onWhat, view, onView }: CompareChartProps) {
  const [under, setUnder] = useState<number | null>(null);
  const chart = useRef<ChartHandle>(null);
  const { x, columns } = useMemo(() => joined(runs.map((run) => curveOf(run, what, view))), [runs, what, view]);
  const series = useMemo(
    () => runs.map(({ job }, index) => ({ label: job.name, values: columns[index] ?? [], ...strokeOf(index), dots: what === "validation" })),
    [runs, columns, what],
  );
  const title = what === "validation" ? "Validation loss" : "Training loss";

  async function savePicture() {
    const picture = await chart.current?.picture(title);
    if (picture) downloadBlob("compared runs.png", picture);
  }

  function saveTable() {
    downloadText("compared runs.csv", toCsv([view.by === "step" ? "step" : "elapsed_s", ...runs.map(({ job }) => job.name)], x.map((place, row) => [place, ...columns.map((column) => column[row])])));
  }

  return (
    <div className="card grid grid-cols-[minmax(0,1fr)] gap-3 p-4">
      <ChartControls view={view} onView={onView}>
        <Button look="quiet" icon="download" onClick={() => void savePicture()}>
          PNG
        </Button>
        <Button look="quiet" icon="download" onClick={saveTable}>
          CSV
        </Button>
      </ChartControls>
      <label className="target flex items-center gap-2">
        Compare
        <select className="input !w-auto" value={what} onChange={(event) => onWhat(event.target.value === "train" ? "train" : "validation")}>
          <option value="validation">validation loss</option>
          <option value="train">training loss</option>
        </select>
      </label>
      {x.length === 0 ? (
        <p className="py-8 text-ink-soft">None of these runs has measured this yet.</p>
      ) : (
        <Suspense fallback={<Loading what="Drawing" />}>
          <LineChart
            ref={chart}
            label={`${title} of ${runs.length} runs`}
            x={x}
            series={series}
            height={340}
            logScale={view.log}
            zoom={view.zoom}
            onZoom={(zoom) => onView({ ...view, zoom })}
            onPoint={setUnder}
            along={view.by}
          />
        </Suspense>
      )}
      <ul aria-label="Legend" className="flex flex-wrap gap-x-5 gap-y-1 text-ink-soft">
        {runs.map(({ job }, index) => {
          const value = under === null ? null : valueNear(columns[index] ?? [], under);
          return (
            <li key={job.id} className="inline-flex min-w-0 items-center gap-1.5">
              <Stroke index={index} />
              <span className="truncate">{job.name}</span>
              {value !== null && <span className="font-medium text-ink">{loss(value)}</span>}
            </li>
          );
        })}
        {under !== null && x[under] !== undefined && <li>{view.by === "step" ? `at step ${count(x[under])}` : `after ${duration(x[under])}`}</li>}
      </ul>
    </div>
  );
}

/** The sample of a run's line, as the chart draws it. */
export function Stroke({ index }: { index: number }) {
  const { token, dash } = strokeOf(index);
  return (
    <svg aria-hidden="true" viewBox="0 0 28 4" className="h-1 w-7 shrink-0">
      <line x1="0" y1="2" x2="28" y2="2" stroke={`var(${token})`} strokeWidth="3" strokeDasharray={dash?.join(" ")} />
    </svg>
  );
}

function curveOf({ points }: ComparedRun, what: Compared, view: ChartView): { x: number[]; y: (number | null)[] } {
  const value = what === "validation" ? "validation_loss" : "loss";
  const measured = points.filter((point) => typeof point[value] === "number");
  // Few and far between, measured on the same examples each time: smoothing would only hide something.
  const values = measured.map((point) => point[value] ?? null);
  const smoothed = what === "validation" ? values : smooth(measured.map(({ step }) => step), values, view.smoothing);
  const shown = drawn(
    measured.map((point, index) => ({ ...point, loss: smoothed[index] ?? null })),
    view,
  );
  return { x: axisOf(shown, view.by), y: shown.map((point) => point.loss) };
}

/** A curve's value at a place of another one: the last that it had there. */
function valueNear(column: readonly (number | null)[], index: number): number | null {
  return column.slice(0, index + 1).findLast((value) => value !== null) ?? null;
}
