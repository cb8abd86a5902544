// A log's lines as somebody wants them: from a level on, with certain words, as a file.
import type { LogLine } from "@/lib/wire";

export type Level = LogLine["level"];
export const LEVELS = ["debug", "info", "warning", "error"] as const satisfies readonly Level[];

export function filterLines(lines: readonly LogLine[], least: Level, search: string): readonly LogLine[] {
  const wanted = search.trim().toLowerCase();
  const from = LEVELS.indexOf(least);
  if (from === 0 && wanted === "") return lines;
  return lines.filter(({ level, text }) => LEVELS.indexOf(level) >= from && text.toLowerCase().includes(wanted));
}

export function asText(lines: readonly LogLine[]): string {
  return lines.map(({ at, level, text }) => `${at} ${level.toUpperCase().padEnd(7)} ${text}\n`).join("");
}
