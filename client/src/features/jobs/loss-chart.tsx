// The loss curves on a canvas (uPlot), in the colours of the tokens. Loaded only where a chart is shown.
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useStore } from "@/lib/store";
import { themeChanges, tokenColour } from "@/lib/theme";
import type { MetricPoint } from "@/lib/wire";
import { smooth } from "./smoothing";

interface LossChartProps {
  points: readonly MetricPoint[];
  smoothing: number;
  logScale: boolean;
  /** The point under the crosshair, or null when there is none. */
  onPoint: (point: ChartPoint | null) => void;
}

export interface ChartPoint {
  step: number;
  train: number | null;
  smoothed: number | null;
  validation: number | null;
}

const HEIGHT = 280;

export default function LossChart({ points, smoothing, logScale, onPoint }: LossChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const themes = useStore(themeChanges);
  const data = columnsOf(points, smoothing);
  const latest = useRef({ data, onPoint });
  useEffect(() => {
    latest.current = { data, onPoint };
    plot.current?.setData(data);
  });

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const hear = (shown: uPlot) => latest.current.onPoint(pointAt(shown));
    const created = new uPlot(optionsFor(element.clientWidth, logScale, hear), latest.current.data, element);
    plot.current = created;
    const observer = new ResizeObserver(() => created.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      created.destroy();
      plot.current = null;
    };
  }, [logScale, themes]);

  return <div ref={host} style={{ height: HEIGHT }} className="w-full overflow-hidden" />;
}

function columnsOf(points: readonly MetricPoint[], smoothing: number): uPlot.AlignedData {
  const steps = points.map(({ step }) => step);
  const train = points.map(({ loss }) => loss ?? null);
  return [steps, train, smooth(steps, train, smoothing), points.map((point) => point.validation_loss ?? null)];
}

function pointAt(plot: uPlot): ChartPoint | null {
  const index = plot.cursor.idx;
  if (index === null || index === undefined) return null;
  const [steps, train, smoothed, validation] = plot.data;
  return {
    step: steps?.[index] ?? 0,
    train: train?.[index] ?? null,
    smoothed: smoothed?.[index] ?? null,
    validation: validation?.[index] ?? null,
  };
}

function optionsFor(width: number, logScale: boolean, onCursor: (plot: uPlot) => void): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: tokenColour("--ink-soft"),
    grid: { stroke: tokenColour("--chart-grid"), width: 1 },
    ticks: { stroke: tokenColour("--chart-grid"), width: 1 },
    font: "12px system-ui, sans-serif",
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { points: { size: 6 }, drag: { x: true, y: false } },
    scales: { x: { time: false }, y: logScale ? { distr: 3 } : {} },
    axes: [axis, { ...axis, size: 56 }],
    series: [
      {},
      { stroke: tokenColour("--chart-train-faint"), width: 1, points: { show: false }, spanGaps: true },
      { stroke: tokenColour("--chart-train"), width: 2, points: { show: false }, spanGaps: true },
      {
        stroke: tokenColour("--chart-validation"),
        width: 2,
        dash: [6, 4],
        spanGaps: true,
        points: { show: true, size: 7, fill: tokenColour("--chart-validation") },
      },
    ],
    hooks: { setCursor: [onCursor] },
  };
}
