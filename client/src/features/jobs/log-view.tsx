// A run's log: follows the end, can be searched and filtered, and can be taken away. Only the lines in sight are in the document, so that
// a million of them scroll as well as ten. Lines are text and never HTML.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useState } from "react";
import { downloadText } from "@/lib/download";
import { messageOf } from "@/lib/errors";
import { count, counted, exactDate, timeOfDay } from "@/lib/format";
import type { LogLine } from "@/lib/wire";
import { Button } from "@/ui/button";
import { SelectField, TextField } from "@/ui/field";
import { Section } from "@/ui/page";
import { toast } from "@/ui/toasts";
import { asText, filterLines, type Level } from "./log-lines";

const LOOKS: Record<Level, string> = { debug: "text-ink-soft", info: "", warning: "text-warn", error: "text-bad" };
const USUAL_LINE_PX = 20;
/** So near to the end counts as there. */
const NEAR_PX = 32;

/** The part of the log that is not here yet. */
export interface EarlierLines {
  busy: boolean;
  load: (all: boolean) => Promise<void>;
}

interface LogViewProps {
  name: string;
  lines: readonly LogLine[];
  live: boolean;
  /** Null when the log is here from its first line. */
  earlier?: EarlierLines | null;
  /** Every line there is, also those that are not here. */
  whole?: () => Promise<readonly LogLine[]>;
}

export function LogView({ name, lines, live, earlier = null, whole }: LogViewProps) {
  const [level, setLevel] = useState<Level>("debug");
  const [search, setSearch] = useState("");
  const [wrap, setWrap] = useState(true);
  const found = useMemo(() => filterLines(lines, level, search), [lines, level, search]);
  return (
    <Section title="Log" aside={<DownloadLog name={name} lines={lines} whole={earlier ? whole : undefined} />}>
      <div className="card overflow-hidden">
        <div className="grid gap-3 border-b border-line p-3 sm:grid-cols-[1fr_12rem_auto] sm:items-end">
          <TextField label="Search the log" type="search" value={search} onChange={(event) => setSearch(event.target.value)} />
          <SelectField label="Show" value={level} onChange={(event) => setLevel(event.target.value as Level)}>
            <option value="debug">everything</option>
            <option value="info">no details</option>
            <option value="warning">warnings and errors</option>
            <option value="error">errors only</option>
          </SelectField>
          <label className="target flex items-center gap-2">
            <input type="checkbox" className="size-4" checked={wrap} onChange={(event) => setWrap(event.target.checked)} />
            Wrap lines
          </label>
        </div>
        <Lines key={`${wrap} ${level} ${search}`} lines={found} wrap={wrap} empty={emptyWords(lines.length, live)} />
        <div className="flex flex-wrap items-center gap-x-4 border-t border-line px-3 py-1 text-xs text-ink-soft">
          <p className="py-1">
            {search || level !== "debug" ? `${count(found.length)} of ${counted(lines.length, "line")}` : counted(lines.length, "line")}
            {earlier && " from the end of a longer log"}
          </p>
          {earlier && (
            <>
              <Button look="quiet" icon="up" busy={earlier.busy} onClick={() => void earlier.load(false).catch(told)}>
                Earlier lines
              </Button>
              <Button look="quiet" disabled={earlier.busy} onClick={() => void earlier.load(true).catch(told)}>
                All of them
              </Button>
            </>
          )}
        </div>
      </div>
    </Section>
  );
}

function told(error: unknown): void {
  toast(messageOf(error), "failed");
}

interface LinesProps {
  lines: readonly LogLine[];
  wrap: boolean;
  empty: string;
}

function Lines({ lines, wrap, empty }: LinesProps) {
  const [box, setBox] = useState<HTMLDivElement | null>(null);
  const [atEnd, setAtEnd] = useState(true);
  // The compiler leaves this component alone: what the library returns changes without being another object.
  // eslint-disable-next-line react-hooks/incompatible-library
  const shown = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box,
    estimateSize: () => USUAL_LINE_PX,
    getItemKey: (index) => lines[index]?.cursor ?? index,
    overscan: 12,
    paddingStart: 12,
    paddingEnd: 12,
    // Follows the end until somebody scrolls up, and then keeps still, also when earlier lines come in above.
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: NEAR_PX,
  });

  useLayoutEffect(() => {
    if (box) shown.scrollToEnd();
    // Only once there is a box; from then on the library follows.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [box]);

  // Lines that change their height move the end without anybody scrolling.
  const height = lines.length === 0 ? 0 : shown.getTotalSize();
  useEffect(() => {
    const frame = requestAnimationFrame(() => box && setAtEnd(isNearEnd(box)));
    return () => cancelAnimationFrame(frame);
  }, [box, height]);

  return (
    <div className="relative">
      <div
        ref={setBox}
        onScroll={(event) => setAtEnd(isNearEnd(event.currentTarget))}
        role="log"
        aria-live="off"
        aria-label="Log lines"
        tabIndex={0}
        className="h-80 overflow-auto overscroll-contain bg-sunken px-3 font-mono text-xs leading-relaxed"
      >
        {lines.length === 0 && <p className="py-3 text-ink-soft">{empty}</p>}
        <div className="relative" style={{ height }}>
          {shown.getVirtualItems().map(({ index, key, start }) => {
            const line = lines[index];
            return (
              line && (
                <div key={key} ref={shown.measureElement} data-index={index} className={`absolute top-0 left-0 ${wrap ? "w-full" : "min-w-full"}`} style={{ transform: `translateY(${start}px)` }}>
                  <Line line={line} wrap={wrap} />
                </div>
              )
            );
          })}
        </div>
      </div>
      {!atEnd && (
        <Button icon="down" className="absolute right-4 bottom-4 shadow-lg" onClick={() => shown.scrollToEnd()}>
          Jump to latest
        </Button>
      )}
    </div>
  );
}

function isNearEnd({ scrollHeight, scrollTop, clientHeight }: Element): boolean {
  return scrollHeight - scrollTop - clientHeight <= NEAR_PX;
}

function Line({ line: { at, level, text }, wrap }: { line: LogLine; wrap: boolean }) {
  return (
    <p className={`${wrap ? "sm:flex sm:gap-3" : "flex gap-3"} ${LOOKS[level]}`}>
      <time dateTime={at} title={exactDate(at)} className="shrink-0 text-ink-soft select-none">
        {timeOfDay(at)}
      </time>{" "}
      <span className={wrap ? "min-w-0 break-words whitespace-pre-wrap" : "whitespace-pre"}>
        {(level === "warning" || level === "error") && <span className="font-semibold">{level}: </span>}
        {text}
      </span>
    </p>
  );
}

function DownloadLog({ name, lines, whole }: { name: string; lines: readonly LogLine[]; whole: LogViewProps["whole"] }) {
  const [busy, setBusy] = useState(false);

  async function download() {
    setBusy(true);
    try {
      downloadText(`${name}.log`, asText(whole ? await whole() : lines));
    } catch (error) {
      told(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Button icon="download" disabled={lines.length === 0} busy={busy} onClick={() => void download()}>
      Download log
    </Button>
  );
}

function emptyWords(all: number, live: boolean): string {
  if (all > 0) return "No line matches. Clear the search or show everything.";
  return live ? "The first lines come when the run starts." : "This run wrote no log.";
}
