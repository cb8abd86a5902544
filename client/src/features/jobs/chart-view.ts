// How the charts of a run are looked at, and how that stands in the address, so that a view can be kept and sent.

export interface ChartView {
  /** 0 to 0.99. */
  smoothing: number;
  log: boolean;
  by: "step" | "time";
  /** In the units of the axis: steps or seconds. */
  zoom: readonly [from: number, to: number] | null;
}

export interface ChartSearch {
  smooth?: number;
  log?: true;
  by?: "time";
  from?: number;
  to?: number;
}

export const USUAL_VIEW: ChartView = { smoothing: 0.6, log: false, by: "step", zoom: null };

/** Of an address only what fits. */
export function chartSearch({ smooth, log, by, from, to }: Record<string, unknown>): ChartSearch {
  const zoomed = typeof from === "number" && typeof to === "number" && from < to;
  return {
    ...(typeof smooth === "number" && smooth >= 0 && smooth < 1 ? { smooth } : {}),
    ...(log === true ? { log } : {}),
    ...(by === "time" ? { by } : {}),
    ...(zoomed ? { from, to } : {}),
  };
}

export function viewFrom({ smooth, log, by, from, to }: ChartSearch): ChartView {
  return {
    smoothing: smooth ?? USUAL_VIEW.smoothing,
    log: log ?? false,
    by: by ?? "step",
    zoom: from === undefined || to === undefined ? null : [from, to],
  };
}

/** Only what is not as usual. */
export function searchFrom({ smoothing, log, by, zoom }: ChartView): ChartSearch {
  return {
    ...(smoothing === USUAL_VIEW.smoothing ? {} : { smooth: smoothing }),
    ...(log ? { log } : {}),
    ...(by === "time" ? { by } : {}),
    ...(zoom ? { from: rounded(zoom[0]), to: rounded(zoom[1]) } : {}),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
