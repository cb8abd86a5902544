// Measures the JavaScript that a first visit loads: the entry and everything it imports statically, gzipped.
// Fails above the limit; the aim is 120 KB. Run after `npm run build`.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT_KB = 150;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

/** Adds the chunk and its static imports to `files`. */
function collect(key, files) {
  const chunk = manifest[key];
  if (files.has(chunk.file)) return files;
  files.add(chunk.file);
  for (const imported of chunk.imports ?? []) collect(imported, files);
  return files;
}

const kilobytes = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length / 1000;
const initial = [...collect("index.html", new Set())];
for (const file of initial) console.log(`${kilobytes(file).toFixed(1).padStart(8)} KB  ${file}`);
const total = initial.reduce((sum, file) => sum + kilobytes(file), 0) + kilobytes("theme.js");
console.log(`Initial JavaScript: ${total.toFixed(1)} KB gzipped (limit ${LIMIT_KB})`);
if (total > LIMIT_KB) process.exit(1);
