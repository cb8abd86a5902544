// Scores as people type and read them.
const HIGHEST = 1e9;

export type ReadScore = { ok: true; value: number | null } | { ok: false; message: string };

/** Empty means none. A decimal comma is read as a point; "7/10" is not a number but two. */
export function readScore(text: string): ReadScore {
  const trimmed = text.trim();
  if (trimmed === "") return { ok: true, value: null };
  const value = Number(/^[-+]?\d*,\d+$/.test(trimmed) ? trimmed.replace(",", ".") : trimmed);
  if (!Number.isFinite(value)) return { ok: false, message: "Write a number, such as 7 or 7.5." };
  if (Math.abs(value) > HIGHEST) return { ok: false, message: "This number is too large for a score." };
  return { ok: true, value };
}

/** Without digits that say nothing. */
export function scoreText(value: number): string {
  return String(Number(value.toFixed(4)));
}
