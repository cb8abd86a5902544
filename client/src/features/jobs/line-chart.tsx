// Curves on a canvas (uPlot), in the colours of the tokens, with a crosshair, a zoom and a picture to take away. Loaded only where a chart
// is shown. The keyboard does what the mouse does.
import { useEffect, useImperativeHandle, useRef, type KeyboardEvent, type Ref } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { count, duration } from "@/lib/format";
import { useStore } from "@/lib/store";
import { themeChanges, tokenColour } from "@/lib/theme";
import { paintPicture } from "./chart-picture";

export interface Series {
  label: string;
  values: readonly (number | null)[];
  /** The name of a colour token. */
  token: string;
  width?: number;
  dash?: number[] | undefined;
  /** Few values, each a dot of its own. */
  dots?: boolean;
}

export type Zoom = readonly [from: number, to: number];

export interface Marker {
  x: number;
  y: number;
  label: string;
  token: string;
}

export interface ChartHandle {
  picture(title: string): Promise<Blob | null>;
}

interface LineChartProps {
  label: string;
  /** Rises. */
  x: readonly number[];
  series: readonly Series[];
  height?: number;
  logScale?: boolean;
  zoom?: Zoom | null;
  onZoom?: (zoom: Zoom | null) => void;
  /** The index under the crosshair, or null when there is none. */
  onPoint?: (index: number | null) => void;
  marker?: Marker | null;
  /** What `x` counts. */
  along?: "step" | "time";
  formatY?: ((value: number) => string) | undefined;
  /** Charts of one name share their crosshair. */
  together?: string;
  ref?: Ref<ChartHandle>;
}

/** Distances between the marks of an axis: whole steps, and round times. */
const STEPS = Array.from({ length: 9 }, (_, power) => [1, 2, 5].map((one) => one * 10 ** power)).flat();
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 172_800, 604_800];
const FONT = "12px system-ui, sans-serif";

export default function LineChart(props: LineChartProps) {
  const { label, x, series, height = 280, logScale = false, zoom = null, ref } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const themes = useStore(themeChanges);
  const latest = useRef(props);
  // What a plot is made of; when it changes, another is made. Data, zoom and marker are given to the one that is there.
  const shape = JSON.stringify([logScale, height, props.along, props.together, series.map(({ token, width, dash, dots }) => [token, width, dash, dots])]);

  useEffect(() => {
    latest.current = props;
  });

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const created = new uPlot(optionsFor(element.clientWidth, latest), columnsOf(latest.current), element);
    plot.current = created;
    const observer = new ResizeObserver(() => created.setSize({ width: element.clientWidth, height: latest.current.height ?? 280 }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      created.destroy();
      plot.current = null;
    };
  }, [shape, themes]);

  const [from, to] = zoom ?? [null, null];
  useEffect(() => {
    const shown = plot.current;
    if (!shown) return;
    shown.batch(() => {
      shown.setData(columnsOf(latest.current), from === null);
      if (from !== null && to !== null) shown.setScale("x", { min: from, max: to });
    });
  }, [x, series, from, to, logScale, shape, themes]);

  useImperativeHandle(ref, () => ({
    picture: (title) => (plot.current && host.current ? paintPicture(plot.current, title, latest.current.series) : Promise.resolve(null)),
  }));

  return (
    <div
      ref={host}
      role="application"
      aria-label={`${label}. Arrow keys read the values, plus and minus zoom, 0 shows all.`}
      tabIndex={0}
      style={{ height }}
      className="w-full touch-pan-y overflow-hidden rounded-md"
      onKeyDown={(event) => plot.current && pressed(event, plot.current, latest.current)}
      onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
    />
  );
}

/** On a logarithmic axis there is no place for zero and below. */
function columnsOf({ x, series, logScale }: LineChartProps): uPlot.AlignedData {
  const placed = (values: readonly (number | null)[]) => (logScale ? values.map((value) => (value !== null && value > 0 ? value : null)) : [...values]);
  return [[...x], ...series.map(({ values }) => placed(values))];
}

function pressed(event: KeyboardEvent, plot: uPlot, { x, zoom, onZoom, onPoint }: LineChartProps): void {
  const { key } = event;
  const [min, max] = [plot.scales.x?.min ?? 0, plot.scales.x?.max ?? 1];
  const at = plot.cursor.idx ?? null;
  const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[key];
  if (step !== undefined) {
    const first = x.findIndex((value) => value >= min);
    const last = x.findLastIndex((value) => value <= max);
    const index = Math.max(first, Math.min(last, at === null ? (step > 0 ? first : last) : at + step));
    const value = x[index];
    if (value === undefined) return;
    plot.setCursor({ left: plot.valToPos(value, "x"), top: plot.over.clientHeight / 2 });
    onPoint?.(index);
  } else if (key === "+" || key === "-") {
    if (!onZoom || x.length < 2) return;
    const middle = (at === null ? undefined : x[at]) ?? (min + max) / 2;
    const half = ((max - min) / 2) * (key === "+" ? 0.5 : 2);
    const [low, high] = [x[0] ?? 0, x.at(-1) ?? 1];
    const next: Zoom = [Math.max(low, middle - half), Math.min(high, middle + half)];
    onZoom(next[0] <= low && next[1] >= high ? null : next);
  } else if (key === "0" && zoom) {
    onZoom?.(null);
  } else {
    return;
  }
  event.preventDefault();
}

function optionsFor(width: number, latest: { current: LineChartProps }): uPlot.Options {
  const { series, height = 280, logScale = false, along = "step", together } = latest.current;
  const axis: uPlot.Axis = {
    stroke: tokenColour("--ink-soft"),
    grid: { stroke: tokenColour("--chart-grid"), width: 1 },
    ticks: { stroke: tokenColour("--chart-grid"), width: 1 },
    font: FONT,
  };
  const places = (_: uPlot, values: number[]) => values.map(along === "time" ? duration : count);
  const heights = (_: uPlot, values: (number | null)[]) => values.map((value) => (value === null ? "" : (latest.current.formatY?.(value) ?? plain(value))));
  return {
    width,
    height,
    legend: { show: false },
    padding: [10, 12, 0, 0],
    cursor: {
      points: { size: 6 },
      drag: { x: true, y: false, setScale: false },
      ...(together === undefined ? {} : { sync: { key: together, scales: ["x", null] } }),
      bind: {
        dblclick: () => () => {
          latest.current.onZoom?.(null);
          return null;
        },
      },
    },
    scales: { x: { time: false }, y: logScale ? { distr: 3 } : {} },
    axes: [
      { ...axis, size: 34, values: places, incrs: along === "time" ? SECONDS : STEPS },
      { ...axis, size: 60, values: heights },
    ],
    series: [
      {},
      ...series.map(({ token, width: line = 2, dash, dots = false }) => ({
        stroke: tokenColour(token),
        width: line,
        ...(dash ? { dash } : {}),
        spanGaps: true,
        points: dots ? { show: true, size: 7, fill: tokenColour(token) } : { show: (_: uPlot, index: number) => alone(latest.current.series[index - 1]) },
      })),
    ],
    hooks: {
      setCursor: [(plot) => latest.current.onPoint?.(plot.cursor.idx ?? null)],
      setSelect: [(plot) => selected(plot, latest.current)],
      draw: [(plot) => latest.current.marker && drawMarker(plot, latest.current.marker)],
    },
  };
}

/** A line of one value would not be seen. */
function alone(series: Series | undefined): boolean {
  return series !== undefined && series.values.filter((value) => value !== null).length === 1;
}

function selected(plot: uPlot, { onZoom }: LineChartProps): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  onZoom?.([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
}

function drawMarker(plot: uPlot, { x, y, label, token }: Marker): void {
  const { ctx, bbox } = plot;
  const [left, top] = [plot.valToPos(x, "x", true), plot.valToPos(y, "y", true)];
  if (!(left >= bbox.left && left <= bbox.left + bbox.width && top >= bbox.top && top <= bbox.top + bbox.height)) return;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = tokenColour(token);
  ctx.lineWidth = 2 * scale;
  ctx.beginPath();
  ctx.arc(left, top, 7 * scale, 0, 2 * Math.PI);
  ctx.stroke();
  ctx.font = `600 ${12 * scale}px system-ui, sans-serif`;
  const room = ctx.measureText(label).width + 12 * scale;
  const toLeft = left + room > bbox.left + bbox.width;
  ctx.textAlign = toLeft ? "right" : "left";
  ctx.fillText(label, left + (toLeft ? -11 : 11) * scale, top - 8 * scale);
  ctx.restore();
}

function plain(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e7)) return value.toExponential(0).replace("e-", "e\u2212").replace("e+", "e");
  return value.toLocaleString("en", { maximumSignificantDigits: 6 });
}
