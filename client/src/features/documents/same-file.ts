// Remembers in this browser which version of a file an upload was begun with, so that parts of two versions are never put together.
const KEY = "llm-tuner-uploads";
const MOST = 50;

type Begun = [uploadId: string, lastModified: number][];

export function rememberFile(uploadId: string, file: File): void {
  const others = begun().filter(([id]) => id !== uploadId);
  try {
    localStorage.setItem(KEY, JSON.stringify([[uploadId, file.lastModified], ...others].slice(0, MOST)));
  } catch {
    // Without storage, name and size have to be enough.
  }
}

/** Whether the file may be the one that an upload was begun with: the same name and size, and here the same version. */
export function isSameFile({ id, filename, size_bytes }: { id: string; filename: string; size_bytes: number }, file: File): boolean {
  if (filename !== file.name || size_bytes !== file.size) return false;
  const known = begun().find(([uploadId]) => uploadId === id);
  return known === undefined || known[1] === file.lastModified;
}

function begun(): Begun {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? (kept as Begun) : [];
  } catch {
    return [];
  }
}
