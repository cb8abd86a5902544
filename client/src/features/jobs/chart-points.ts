// From points to what is drawn: the axis they stand on, the part that is seen, and no more of it than a screen can show.
import type { MetricPoint } from "@/lib/wire";
import type { ChartView } from "./chart-view";

/** More points than a screen has columns say nothing more. */
const MOST_DRAWN = 3_000;

/** Where the points stand: at their step, or at the second of training, which never runs backwards on an axis. */
export function axisOf(points: readonly MetricPoint[], by: ChartView["by"]): number[] {
  if (by === "step") return points.map(({ step }) => step);
  let last = 0;
  return points.map(({ elapsed_s }) => (last = Math.max(last, elapsed_s)));
}

/** The points to draw: those within the zoom and one neighbour on each side, thinned so that the extremes of the loss stay. */
export function drawn<P extends MetricPoint>(points: readonly P[], { by, zoom }: Pick<ChartView, "by" | "zoom">): readonly P[] {
  const seen = zoom ? within(points, axisOf(points, by), zoom) : points;
  return seen.length > MOST_DRAWN ? thinned(seen, MOST_DRAWN) : seen;
}

function within<P>(points: readonly P[], axis: readonly number[], [from, to]: readonly [number, number]): readonly P[] {
  const first = axis.findIndex((value) => value >= from);
  const last = axis.findLastIndex((value) => value <= to);
  return first < 0 || last < 0 ? points : points.slice(Math.max(0, first - 1), last + 2);
}

function thinned<P extends MetricPoint>(points: readonly P[], limit: number): P[] {
  const size = Math.ceil((2 * points.length) / limit);
  const kept: P[] = [];
  for (let start = 0; start < points.length; start += size) {
    const stretch = points.slice(start, start + size);
    const losses = stretch.map(({ loss }) => loss ?? NaN).filter((loss) => !Number.isNaN(loss));
    const [least, most] = [Math.min(...losses), Math.max(...losses)];
    const ends = start === 0 || start + size >= points.length;
    kept.push(
      ...stretch.filter((point, index) => point.loss === least || point.loss === most || point.validation_loss !== null || (ends && (index === 0 || index === stretch.length - 1))),
    );
  }
  return kept;
}

/** The point with the lowest validation loss; null before anything was measured. */
export function bestOf(points: readonly MetricPoint[]): (MetricPoint & { validation_loss: number }) | null {
  let best: (MetricPoint & { validation_loss: number }) | null = null;
  for (const point of points) {
    const { validation_loss: loss } = point;
    if (loss !== null && loss !== undefined && (best === null || loss < best.validation_loss)) best = { ...point, validation_loss: loss };
  }
  return best;
}
