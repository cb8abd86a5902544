// What is known of a run on this page: its log and its points. Both come in pieces, by stream or by poll and sometimes by both at once; a
// piece that is here already changes nothing, so that each line and each point is here once.
import type { LogLine, LogPage, MetricPoint, Metrics, SampleGeneration } from "@/lib/wire";

/** More lines than these are not held; the oldest go first. */
const MOST_LINES = 1_000_000;

/** Cursors are positions in the run's own file, for lines and points alike. */
export interface LogBook {
  lines: readonly LogLine[];
  /** Where the first line begins; 0 when nothing is missing before it. */
  start: number;
  next: number;
  live: boolean;
}

export interface RunMetrics {
  points: readonly MetricPoint[];
  generations: readonly SampleGeneration[];
  next: number;
}

export const EMPTY_BOOK: LogBook = { lines: [], start: 0, next: 0, live: true };
export const NO_METRICS: RunMetrics = { points: [], generations: [], next: 0 };

type Lines = Pick<LogPage, "lines" | "next" | "live">;

/** Adds what lies behind the last line. */
export function addLines(book: LogBook, page: Lines): LogBook {
  const fresh = page.lines.filter(({ cursor }) => cursor > book.next);
  const next = Math.max(book.next, page.next);
  if (fresh.length === 0) return { ...book, next, live: page.live };
  const all = [...book.lines, ...fresh];
  const lines = all.length > MOST_LINES ? all.slice(-MOST_LINES) : all;
  // The line before the first that is kept says where that one begins.
  const start = lines === all ? book.start : (all[all.length - MOST_LINES - 1]?.cursor ?? book.start);
  return { lines, start, next, live: page.live };
}

/** Adds what lies before the first line. */
export function addEarlier(book: LogBook, page: Pick<LogPage, "lines"> & { start: number }): LogBook {
  if (page.start >= book.start) return book;
  const before = page.lines.filter(({ cursor }) => cursor <= book.start);
  return { ...book, lines: [...before, ...book.lines], start: page.start };
}

/**
 * Points of one step are one point: a later value wins, an absent one takes nothing away. After the run went back to a checkpoint, what
 * was measured beyond it is forgotten, because the run measures it again.
 */
export function addPoints(metrics: RunMetrics, page: Metrics): RunMetrics {
  if (page.next < metrics.next || (page.next === metrics.next && page.data.length === 0 && page.generations.length === 0)) return metrics;
  const end = page.rewound_to ?? Infinity;
  const byStep = new Map(metrics.points.filter(({ step }) => step <= end).map((point) => [point.step, point]));
  for (const point of page.data) {
    const known = Object.entries(point).filter(([, value]) => value !== null);
    byStep.set(point.step, { ...(byStep.get(point.step) ?? point), ...Object.fromEntries(known) });
  }
  return {
    points: [...byStep.values()].sort((one, other) => one.step - other.step),
    generations: addGenerations(metrics.generations, page, end),
    next: page.next,
  };
}

function addGenerations(known: readonly SampleGeneration[], { generations }: Metrics, end: number): readonly SampleGeneration[] {
  if (generations.length === 0 && known.every(({ step }) => step <= end)) return known;
  const keyOf = ({ step, prompt }: SampleGeneration) => `${step} ${prompt}`;
  const fresh = new Set(generations.map(keyOf));
  return [...known.filter((one) => one.step <= end && !fresh.has(keyOf(one))), ...generations];
}
