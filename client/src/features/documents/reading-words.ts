// The words for how a file can be read: formats, charsets, shapes and the parts that columns play.
import type { Document, DocumentFormat, ReadingOptions, Shape } from "@/lib/wire";

export const FORMATS: Record<DocumentFormat, string> = {
  txt: "plain text",
  md: "Markdown",
  html: "HTML",
  pdf: "PDF",
  docx: "Word (DOCX)",
  csv: "CSV",
  tsv: "TSV",
  json: "JSON",
  jsonl: "JSON Lines",
  parquet: "Parquet",
  zip: "ZIP of files",
};

/** Those that somebody may have to name; the server knows all of Python's. */
export const CHARSETS: readonly (readonly [name: string, words: string])[] = [
  ["utf-8", "UTF-8"],
  ["utf-16", "UTF-16"],
  ["utf-16-le", "UTF-16, little end first"],
  ["utf-16-be", "UTF-16, big end first"],
  ["cp1252", "Windows-1252, Western European"],
  ["latin-1", "ISO 8859-1, Western European"],
  ["iso8859-15", "ISO 8859-15, with the euro sign"],
  ["cp1250", "Windows-1250, Central European"],
  ["cp1251", "Windows-1251, Cyrillic"],
  ["koi8-r", "KOI8-R, Cyrillic"],
  ["cp1253", "Windows-1253, Greek"],
  ["cp1254", "Windows-1254, Turkish"],
  ["cp1255", "Windows-1255, Hebrew"],
  ["cp1256", "Windows-1256, Arabic"],
  ["shift_jis", "Shift JIS, Japanese"],
  ["euc_jp", "EUC-JP, Japanese"],
  ["gb18030", "GB 18030, Chinese"],
  ["big5", "Big5, Chinese"],
  ["euc_kr", "EUC-KR, Korean"],
  ["mac_roman", "Mac Roman"],
];

/** Formats that say themselves how their text is written. */
const WITHOUT_CHARSET: readonly DocumentFormat[] = ["pdf", "docx", "parquet"];

export function hasCharset(format: DocumentFormat | "" | null): boolean {
  return !WITHOUT_CHARSET.some((one) => one === format);
}

interface ShapeWords {
  name: string;
  help: string;
}

export const SHAPES: Record<Shape, ShapeWords> = {
  text: { name: "plain text", help: "Each row is a text to continue." },
  prompt_completion: { name: "prompt and answer", help: "Each row has a question and the answer to learn." },
  messages: { name: "conversation", help: "One column holds the whole conversation." },
  preference: { name: "preference", help: "Each row has a better and a worse answer." },
};

export interface Role {
  role: string;
  label: string;
  needed: boolean;
  help: string;
}

export const ROLES: Record<Shape, readonly Role[]> = {
  text: [{ role: "text", label: "Text", needed: true, help: "What the model learns to write." }],
  prompt_completion: [
    { role: "prompt", label: "Prompt", needed: true, help: "The question or instruction; only read." },
    { role: "input", label: "Input", needed: false, help: "Added to the prompt, where there is one." },
    { role: "completion", label: "Answer", needed: true, help: "What the model learns to write." },
  ],
  messages: [{ role: "messages", label: "Messages", needed: true, help: "A list of messages with roles." }],
  preference: [
    { role: "prompt", label: "Prompt", needed: false, help: "The question; only read." },
    { role: "input", label: "Input", needed: false, help: "Added to the prompt, where there is one." },
    { role: "preferred", label: "Better answer", needed: true, help: "What the model learns to write." },
    { role: "rejected", label: "Worse answer", needed: true, help: "Kept, and not trained on yet." },
  ],
};

/** How a document is read now, as far as somebody said so; what was detected is left to be detected again. */
export function toldReading(document: Document): ReadingOptions {
  return {
    ...(document.format_overridden ? { format: document.format } : {}),
    ...(document.charset_overridden ? { charset: document.charset } : {}),
    ...(document.mapping && { mapping: document.mapping }),
    leave_out_bad: document.leave_out_bad,
  };
}
