// Small pieces of text: times, ids, facts, badges.
import { useState, type ReactNode } from "react";
import { copyText } from "@/lib/clipboard";
import { useNow } from "@/lib/clock";
import { ago, date, exactDate } from "@/lib/format";
import { Button } from "@/ui/button";
import { Icon, type IconName } from "@/ui/icon";

/** "3 minutes ago", with the exact time on hover. */
export function TimeAgo({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={exactDate(at)}>
      {ago(at, now)}
    </time>
  );
}

export function ExactTime({ at }: { at: string }) {
  return (
    <time dateTime={at} title={exactDate(at)}>
      {date(at)}
    </time>
  );
}

/** Copies text and says so. */
export function CopyButton({ text, label = "Copy", className = "" }: { text: string; label?: string; className?: string }) {
  const [said, setSaid] = useState<string | null>(null);
  async function copy() {
    setSaid((await copyText(text)) ? "Copied" : "Select and copy it by hand");
    setTimeout(() => setSaid(null), 2_000);
  }
  return (
    <Button look="quiet" icon={said === "Copied" ? "check" : "copy"} onClick={() => void copy()} className={className}>
      <span aria-live="polite">{said ?? label}</span>
    </Button>
  );
}

/** An id in mono type that can be copied. */
export function Id({ value }: { value: string }) {
  return (
    <span className="inline-flex max-w-full flex-wrap items-center gap-1">
      <code className="font-mono text-xs break-all">{value}</code>
      <CopyButton text={value} label="Copy" className="!px-1.5 text-xs md:!min-h-0 md:py-0.5" />
    </span>
  );
}

/** "A, B and C", names as the operator has to write them. */
export function SettingNames({ names }: { names: readonly string[] }) {
  return names.map((name, index) => (
    <span key={name}>
      {index > 0 && (index === names.length - 1 ? " and " : ", ")}
      <code className="font-mono text-xs break-all">{name}</code>
    </span>
  ));
}

/** A problem at a line of a file. The line is said once, even when the message begins with it. */
export function ProblemLine({ line, message }: { line: number | null; message: string }) {
  if (line === null) return <span>{message}</span>;
  return (
    <span className="flex gap-3">
      <span className="shrink-0 font-mono">Line {line}</span>
      <span className="min-w-0">{message.replace(`Line ${line}: `, "")}</span>
    </span>
  );
}

export type Tone = "neutral" | "accent" | "good" | "warn" | "bad";

const TONES: Record<Tone, string> = {
  neutral: "bg-sunken text-ink-soft",
  accent: "bg-accent-soft text-accent-strong",
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
};

export function Badge({ tone = "neutral", icon, children }: { tone?: Tone; icon?: IconName; children: ReactNode }) {
  return (
    <span className={`inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap ${TONES[tone]}`}>
      {icon && <Icon name={icon} className="size-3.5" />}
      {children}
    </span>
  );
}

type Fact = readonly [name: string, value: ReactNode, width?: "wide"];

/** Names and values, side by side where there is room; a wide one takes the room of two. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="grid grid-cols-[repeat(auto-fill,minmax(7.5rem,1fr))] gap-x-6 gap-y-3">
      {facts.map(([name, value, width]) => (
        <div key={name} className={`min-w-0 ${width === "wide" ? "col-span-2" : ""}`}>
          <dt className="text-xs text-ink-soft">{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
