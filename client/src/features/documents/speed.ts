// How fast an upload is now, from what went out in the last seconds.
const WINDOW_MS = 8_000;
const SURE_AFTER_MS = 400;

/** A meter to be told the bytes sent so far; it answers bytes a second, or null while it is too early to say. */
export function speedMeter(now: () => number = () => performance.now()): (sent: number) => number | null {
  const seen: { at: number; sent: number }[] = [];
  return (sent) => {
    const at = now();
    seen.push({ at, sent });
    while (seen.length > 2 && at - (seen[0]?.at ?? at) > WINDOW_MS) seen.shift();
    const first = seen[0];
    if (first === undefined || at - first.at < SURE_AFTER_MS || sent <= first.sent) return null;
    return ((sent - first.sent) / (at - first.at)) * 1000;
  };
}
