// Files before they are sent: whether they can be taken, and what they are called without their ending.
import { bytes } from "@/lib/format";
import type { Installation } from "@/lib/wire";

export type FileRules = Pick<Installation, "accepted_suffixes" | "max_upload_bytes">;

/** Why a file cannot be taken, before a byte is sent; null when it can. */
export function refusal(file: File, { accepted_suffixes: suffixes, max_upload_bytes: most }: FileRules): string | null {
  const name = file.name.toLowerCase();
  if (!suffixes.some((suffix) => name.endsWith(suffix))) return `This kind of file is not read. Accepted: ${suffixes.join(", ")}.`;
  if (file.size === 0) return "This file is empty. Choose one with text in it.";
  if (file.size > most) return `This file has ${bytes(file.size)}; the limit is ${bytes(most)}. Split it, or send a part of it.`;
  return null;
}

/** "essay one.docx" is "essay one" to a person. */
export function stem(filename: string): string {
  const end = filename.lastIndexOf(".");
  return (end > 0 ? filename.slice(0, end) : filename).slice(0, 200);
}
