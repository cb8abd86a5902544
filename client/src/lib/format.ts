// Numbers, sizes, times and dates for people. English words with the reader's own region and time zone.
import type { Method, Objective } from "@/lib/wire";

const locale = navigator.languages.find((one) => one.startsWith("en")) ?? "en-GB";
const HARD_SPACE = "\u00a0";

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
const fraction = new Intl.NumberFormat(locale, { maximumSignificantDigits: 4 });
const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const exactTime = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

export function count(value: number): string {
  return whole.format(value);
}

/** "1 example", "1,200 examples". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${whole.format(value)}${HARD_SPACE}${value === 1 ? one : many}`;
}

/** Decimal units: 10 MB is 10,000,000 bytes. */
export function bytes(value: number): string {
  return scaled(value, ["B", "kB", "MB", "GB", "TB"]);
}

/** Parameters and tokens: 135 M, 1.71 B. */
export function amount(value: number): string {
  return value < 10_000 ? whole.format(value) : scaled(value, ["", "k", "M", "B", "T"]);
}

function scaled(value: number, units: readonly string[]): string {
  let scaledValue = value;
  let unit = 0;
  while (scaledValue >= 999.5 && unit < units.length - 1) {
    scaledValue /= 1000;
    unit += 1;
  }
  return `${short.format(scaledValue)}${HARD_SPACE}${units[unit] ?? ""}`.trimEnd();
}

/** "under 1 s", "42 s", "4 min 10 s", "2 h 5 min", "3 d 4 h": two units, which is as much as anybody plans with. */
export function duration(seconds: number): string {
  if (seconds < 1) return `under 1${HARD_SPACE}s`;
  const total = Math.round(seconds);
  const parts: [number, string][] = [
    [Math.floor(total / 86_400), "d"],
    [Math.floor((total % 86_400) / 3600), "h"],
    [Math.floor((total % 3600) / 60), "min"],
    [total % 60, "s"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value}${HARD_SPACE}${unit}`)
    .join(" ");
}

/** "3.20 €", and of less than a cent as many digits as it takes. */
export function money(value: number, currency: string): string {
  const digits = value !== 0 && Math.abs(value) < 0.1 ? { maximumSignificantDigits: 2 } : {};
  return new Intl.NumberFormat(locale, { style: "currency", currency, ...digits }).format(value);
}

/** "3 s to 5 s", or one of them where they read the same. */
export function range(low: number, high: number, show: (value: number) => string): string {
  const [from, to] = [show(low), show(high)];
  return from === to ? from : `${from} to ${to}`;
}

export function percent(share: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, share)) * 100)}${HARD_SPACE}%`;
}

export function loss(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : value.toFixed(3);
}

/** A setting's value: short, without thousands of digits; words stay words. */
export function setting(value: number | string): string {
  if (typeof value === "string") return value;
  if (value !== 0 && Math.abs(value) < 0.0001) return value.toExponential().replace("e-", "e\u2212");
  return Number.isInteger(value) ? whole.format(value) : fraction.format(value);
}

export function methodName(method: Method, objective: Objective = "supervised"): string {
  const name = { lora: "LoRA", full: "full", scratch: "from scratch" }[method];
  return objective === "preference" ? `${name}, on preference pairs (DPO)` : name;
}

export function date(iso: string): string {
  return dateTime.format(new Date(iso));
}

export function exactDate(iso: string): string {
  return exactTime.format(new Date(iso));
}

export function timeOfDay(iso: string): string {
  return clock.format(new Date(iso));
}

/** "3 seconds ago", "yesterday". Clocks differ a little: what is just ahead counts as now. */
export function ago(iso: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - new Date(iso).getTime()) / 1000));
  if (seconds < 60) return relative.format(-seconds, "second");
  if (seconds < 3600) return relative.format(-Math.round(seconds / 60), "minute");
  if (seconds < 86_400) return relative.format(-Math.round(seconds / 3600), "hour");
  if (seconds < 30 * 86_400) return relative.format(-Math.round(seconds / 86_400), "day");
  if (seconds < 365 * 86_400) return relative.format(-Math.round(seconds / (30 * 86_400)), "month");
  return relative.format(-Math.round(seconds / (365 * 86_400)), "year");
}

/** "25 % lower", "3 % higher", "unchanged": validation loss, before and after. */
export function change(before: number, after: number): string {
  const share = Math.round(((before - after) / before) * 100);
  if (!Number.isFinite(share) || share === 0) return "unchanged";
  return share > 0 ? `${share}${HARD_SPACE}% lower` : `${-share}${HARD_SPACE}% higher`;
}
