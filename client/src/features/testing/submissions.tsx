// Documents to test with, each with the score or the answer that is expected for it.
import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { sendSubmission } from "@/lib/api/testing";
import { messageOf } from "@/lib/errors";
import { useFileQueue } from "@/lib/file-queue";
import { stem } from "@/lib/files";
import { counted } from "@/lib/format";
import { readScore, scoreText } from "@/lib/scores";
import type { TestSubmission, TestSubmissionPatch } from "@/lib/wire";
import { IconButton } from "@/ui/button";
import { AreaField, TextField } from "@/ui/field";
import { FileDrop, QueuedFiles } from "@/ui/file-drop";
import { Failed, Loading } from "@/ui/notices";
import { submissionQuery, useChangeSubmission, useTakeSubmission } from "./queries";

interface SubmissionsProps {
  /** In their order. */
  ids: readonly string[];
  onAdd: (id: string) => void;
  onRemove: (id: string) => void;
}

export function Submissions({ ids, onAdd, onRemove }: SubmissionsProps) {
  const take = useTakeSubmission();
  const queue = useFileQueue<TestSubmission>(
    (file, onProgress, signal) => sendSubmission(file, stem(file.name), onProgress, signal),
    (submission) => {
      take(submission);
      onAdd(submission.id);
    },
  );
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <FileDrop
        label="Submissions to upload"
        hint="Work that was not used for training: essays, letters, answers. Then say what score or answer you expect for each."
        onFiles={queue.add}
      />
      <QueuedFiles files={queue.files} onDismiss={queue.dismiss} />
      {ids.length > 0 && (
        <ol aria-label="Submissions" className="card divide-y divide-line">
          {ids.map((id) => (
            <Row key={id} id={id} onRemove={() => onRemove(id)} />
          ))}
        </ol>
      )}
    </div>
  );
}

/** The submissions as they are now, as far as they are here yet; null while one is loading. */
export function useSubmissions(ids: readonly string[]): TestSubmission[] | null {
  const found = useQueries({ queries: ids.map((id) => submissionQuery(id)) });
  return found.some(({ isPending }) => isPending) ? null : found.flatMap(({ data }) => (data ? [data] : []));
}

function Row({ id, onRemove }: { id: string; onRemove: () => void }) {
  const { data, error, isPending, refetch } = useQuery(submissionQuery(id));
  if (isPending) {
    return (
      <li className="px-4">
        <Loading what="Loading the submission" />
      </li>
    );
  }
  if (!data) {
    return (
      <li className="p-3">
        <Failed what="This submission" error={error} onRetry={() => void refetch()} />
      </li>
    );
  }
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-4 gap-y-3 py-3 pr-2 pl-4 md:grid-cols-[minmax(0,1fr)_8rem_minmax(0,16rem)_auto] md:items-start">
      <div className="min-w-0">
        <p className="font-medium break-words">{data.name}</p>
        <p className="line-clamp-2 text-xs break-words text-ink-soft">
          {counted(data.num_characters, "character")}: {data.beginning}
        </p>
      </div>
      <div className="col-span-2 row-start-2 grid gap-3 sm:grid-cols-[8rem_minmax(0,1fr)] md:col-span-2 md:row-start-auto md:grid-cols-subgrid">
        <ExpectedScore submission={data} />
        <ExpectedAnswer submission={data} />
      </div>
      <div className="col-start-2 row-start-1 md:col-start-auto md:row-start-auto">
        <IconButton icon="cross" label={`Do not test with ${data.name}`} onClick={onRemove} />
      </div>
    </li>
  );
}

function ExpectedScore({ submission }: { submission: TestSubmission }) {
  const known = submission.expected_score === null ? "" : scoreText(submission.expected_score);
  const check = (text: string) => {
    const read = readScore(text);
    return read.ok ? null : read.message;
  };
  const field = useSavedText(submission.id, known, check, (text) => {
    const read = readScore(text);
    return { expected_score: read.ok ? read.value : null };
  });
  return (
    <TextField label="Expected score" inputMode="decimal" autoComplete="off" placeholder="none" aria-label={`Expected score of ${submission.name}`} {...field} />
  );
}

function ExpectedAnswer({ submission }: { submission: TestSubmission }) {
  const field = useSavedText(
    submission.id,
    submission.expected ?? "",
    () => null,
    (text) => ({ expected: text.trim() === "" ? null : text.trim() }),
  );
  return <AreaField label="Expected answer" rows={1} placeholder="none" aria-label={`Expected answer for ${submission.name}`} {...field} />;
}

/** A field that is checked while it is written and saved when it is left. */
function useSavedText(id: string, known: string, check: (text: string) => string | null, patchOf: (text: string) => TestSubmissionPatch) {
  const change = useChangeSubmission(id);
  const [text, setText] = useState(known);
  const wrong = check(text);
  return {
    value: text,
    error: wrong ?? (change.isError ? messageOf(change.error) : null),
    onChange: (event: { target: { value: string } }) => setText(event.target.value),
    onBlur: () => {
      if (wrong === null && text.trim() !== known) change.mutate(patchOf(text));
    },
  };
}
