// A new guide: what it is called, what it is, and its file. Several files become several guides.
import { useRef, useState } from "react";
import { sendGuide } from "@/lib/api/guides";
import { useFileQueue } from "@/lib/file-queue";
import { stem, type FileRules } from "@/lib/files";
import type { Guide } from "@/lib/wire";
import { TextField } from "@/ui/field";
import { FileDrop, QueuedFiles } from "@/ui/file-drop";
import { Fold } from "@/ui/fold";
import { useTakeGuide } from "./queries";

/** `onRead` hears of each guide once it has been read. Behind the first one it steps back. */
export function GuideUpload({ first, onRead }: { first: boolean; onRead: (guide: Guide) => void }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const take = useTakeGuide();
  // As they stood when the files were let go of, for each file.
  const said = useRef(new Map<File, { name: string; description: string }>());
  const queue = useFileQueue<Guide>(
    (file, onProgress, signal) => sendGuide({ file, ...(said.current.get(file) ?? { name: stem(file.name), description: "" }) }, onProgress, signal),
    (guide) => {
      take(guide);
      onRead(guide);
    },
  );

  function add(files: File[], rules: FileRules) {
    for (const file of files) said.current.set(file, { name: nameFor(name, file, files.length), description: description.trim() });
    queue.add(files, rules);
    setName("");
    setDescription("");
  }

  return (
    <div className="card grid grid-cols-[minmax(0,1fr)] gap-3 px-4 py-2">
      <Fold summary={<h3>{first ? "A new guide" : "Another new guide"}</h3>} open={first || undefined}>
        <div className="grid grid-cols-[minmax(0,1fr)] gap-4 pt-1 pb-2">
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField
              label="Name"
              maxLength={200}
              placeholder="as the file is called"
              hint="So that you know it again."
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
            <TextField
              label="Description"
              maxLength={4000}
              placeholder="may stay empty"
              hint="What it is about, for yourself."
              value={description}
              onChange={(event) => setDescription(event.target.value)}
            />
          </div>
          <FileDrop
            label="Guide to upload"
            hint="A handbook, a marking scheme, or a table of work with its scores. It is read at once, and you see what was found."
            onFiles={add}
          />
        </div>
      </Fold>
      <QueuedFiles files={queue.files} onDismiss={queue.dismiss} />
    </div>
  );
}

/** What was typed; several files at once are told apart by their own names. */
export function nameFor(typed: string, file: File, numFiles: number): string {
  const name = typed.trim();
  if (name === "") return stem(file.name);
  return numFiles === 1 ? name : `${name}, ${stem(file.name)}`.slice(0, 200);
}
