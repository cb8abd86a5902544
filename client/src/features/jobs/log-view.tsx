// A run's log: follows the end, can be searched and filtered, and can be taken away. Lines are text and never HTML.
import { useMemo, useState } from "react";
import { downloadText } from "@/lib/download";
import { count, counted, exactDate, timeOfDay } from "@/lib/format";
import type { LogLine } from "@/lib/wire";
import { Button } from "@/ui/button";
import { SelectField, TextField } from "@/ui/field";
import { Section } from "@/ui/page";
import { useFollowTail } from "./follow-tail";

const LEVELS = ["debug", "info", "warning", "error"] as const;
type Level = LogLine["level"];

const LOOKS: Record<Level, string> = { debug: "text-ink-soft", info: "", warning: "text-warn", error: "text-bad" };
/** Lines on screen at once; more are a press away. */
const SHOWN_AT_ONCE = 1_000;

export function LogView({ name, lines, live }: { name: string; lines: readonly LogLine[]; live: boolean }) {
  const [level, setLevel] = useState<Level>("debug");
  const [search, setSearch] = useState("");
  const [most, setMost] = useState(SHOWN_AT_ONCE);
  const found = useMemo(() => filterLines(lines, level, search), [lines, level, search]);
  const shown = found.slice(-most);
  const { ref, following, onScroll, toEnd } = useFollowTail<HTMLDivElement>(shown.at(-1)?.cursor);
  return (
    <Section
      title="Log"
      aside={
        <Button icon="download" disabled={lines.length === 0} onClick={() => downloadText(`${name}.log`, asText(lines))}>
          Download log
        </Button>
      }
    >
      <div className="card overflow-hidden">
        <div className="grid gap-3 border-b border-line p-3 sm:grid-cols-[1fr_12rem]">
          <TextField label="Search the log" type="search" value={search} onChange={(event) => setSearch(event.target.value)} />
          <SelectField label="Show" value={level} onChange={(event) => setLevel(event.target.value as Level)}>
            <option value="debug">everything</option>
            <option value="info">no details</option>
            <option value="warning">warnings and errors</option>
            <option value="error">errors only</option>
          </SelectField>
        </div>
        <div className="relative">
          <div
            ref={ref}
            onScroll={onScroll}
            role="log"
            aria-live="off"
            aria-label="Log lines"
            tabIndex={0}
            className="h-80 overflow-auto overscroll-contain bg-sunken p-3 font-mono text-xs leading-relaxed"
          >
            {found.length > shown.length && (
              <Button className="mb-2" onClick={() => setMost(most + SHOWN_AT_ONCE)}>
                Show earlier lines ({count(found.length - shown.length)})
              </Button>
            )}
            {shown.map((line) => (
              <Line key={line.cursor} line={line} />
            ))}
            {shown.length === 0 && <p className="text-ink-soft">{emptyWords(lines.length, live)}</p>}
          </div>
          {!following && (
            <Button icon="down" className="absolute right-4 bottom-4 shadow-lg" onClick={toEnd}>
              Jump to latest
            </Button>
          )}
        </div>
        <p className="border-t border-line px-3 py-2 text-xs text-ink-soft">
          {search || level !== "debug" ? `${count(found.length)} of ${counted(lines.length, "line")}` : counted(lines.length, "line")}
          {live && following && ", following"}
        </p>
      </div>
    </Section>
  );
}

function Line({ line: { at, level, text } }: { line: LogLine }) {
  return (
    <p className={`sm:flex sm:gap-3 ${LOOKS[level]}`}>
      <time dateTime={at} title={exactDate(at)} className="shrink-0 text-ink-soft select-none">
        {timeOfDay(at)}
      </time>{" "}
      <span className="min-w-0 break-words whitespace-pre-wrap">
        {(level === "warning" || level === "error") && <span className="font-semibold">{level}: </span>}
        {text}
      </span>
    </p>
  );
}

function emptyWords(all: number, live: boolean): string {
  if (all > 0) return "No line matches. Clear the search or show everything.";
  return live ? "The first lines come when the run starts." : "This run wrote no log.";
}

export function filterLines(lines: readonly LogLine[], least: Level, search: string): readonly LogLine[] {
  const wanted = search.trim().toLowerCase();
  const from = LEVELS.indexOf(least);
  if (from === 0 && wanted === "") return lines;
  return lines.filter(({ level, text }) => LEVELS.indexOf(level) >= from && text.toLowerCase().includes(wanted));
}

export function asText(lines: readonly LogLine[]): string {
  return lines.map(({ at, level, text }) => `${at} ${level.toUpperCase().padEnd(7)} ${text}\n`).join("");
}
