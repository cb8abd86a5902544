// Test items in bulk: a table whose columns are the questions and what is expected.
import { sendTestTable } from "@/lib/api/testing";
import { useFileQueue } from "@/lib/file-queue";
import { stem } from "@/lib/files";
import type { Document } from "@/lib/wire";
import { FileDrop, QueuedFiles } from "@/ui/file-drop";

const TABLES = [".csv", ".tsv", ".jsonl", ".json", ".parquet", ".xlsx"];

export function TestTable({ onRead }: { onRead: (document: Document) => void }) {
  const queue = useFileQueue<Document>((file, onProgress, signal) => sendTestTable(file, stem(file.name), onProgress, signal), onRead);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <FileDrop
        label="Table of tests to upload"
        multiple={false}
        only={TABLES}
        hint="CSV or JSON Lines with one test a row: a column prompt, and one of expected or expected_score. Other names can be told afterwards."
        onFiles={queue.add}
      />
      <QueuedFiles files={queue.files} onDismiss={queue.dismiss} />
    </div>
  );
}
