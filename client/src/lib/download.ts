// Hands a file to the browser's own download.

/** Downloads text that the page already holds. */
export function downloadText(filename: string, text: string): void {
  downloadBlob(filename, new Blob([text], { type: "text/plain;charset=utf-8" }));
}

export function downloadBlob(filename: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  follow(url, filename);
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Downloads from the server; the browser shows the progress. */
export function downloadFrom(url: string): void {
  follow(url, "");
}

function follow(url: string, filename: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = filename;
  document.body.append(link);
  link.click();
  link.remove();
}
