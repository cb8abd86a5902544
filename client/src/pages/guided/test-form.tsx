// What a model is tested with: single documents with what is expected of each, a table of many, or a test that is here already.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useRunTest } from "@/features/testing/run-test";
import { submissionsQuery, testSetsQuery } from "@/features/testing/queries";
import { Submissions, useSubmissions } from "@/features/testing/submissions";
import { TestSetup } from "@/features/testing/test-setup";
import { TestTable } from "@/features/testing/test-table";
import { messageOf } from "@/lib/errors";
import { counted } from "@/lib/format";
import { idsOf } from "@/lib/search";
import type { TestSet, TestSubmission } from "@/lib/wire";
import { Button } from "@/ui/button";
import { SelectField } from "@/ui/field";
import { Fold } from "@/ui/fold";
import { Loading, Note } from "@/ui/notices";
import { MOST_SUBMISSIONS, type GuidedSearch } from "./address";
import type { Guided } from "./use-guided";

type Source = "documents" | "table" | "test_set";

export function TestForm({ modelId, search, go }: Guided & { modelId: string }) {
  const testSets = useInfiniteQuery(testSetsQuery);
  const [source, setSource] = useState<Source>(() => sourceOf(search));
  const run = useRunTest();
  const group = useId();
  const sources: readonly (readonly [Source, string])[] = [
    ["documents", "Documents, one by one"],
    ["table", "A table with many"],
    ...(testSets.data && testSets.data.length > 0 ? [["test_set", "A test that is here already"] as const] : []),
  ];

  function start(testSetId: string) {
    run.mutate(
      { test_set_id: testSetId, tuned_model_ids: [modelId] },
      {
        onSuccess: (evaluation) => go({ "test-set": testSetId, evaluation: evaluation.id }),
        onError: () => {
          // The test itself is made; only its run has to be asked for again.
          setSource("test_set");
          go({ "test-set": testSetId });
        },
      },
    );
  }

  const made = (testSet: TestSet) => start(testSet.id);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-6">
      <fieldset>
        <legend className="mb-1 font-medium">Test it with</legend>
        <div className="flex flex-wrap gap-x-6">
          {sources.map(([one, words]) => (
            <label key={one} className="target flex items-center gap-2">
              <input type="radio" name={group} className="size-4" checked={source === one} onChange={() => setSource(one)} />
              {words}
            </label>
          ))}
        </div>
      </fieldset>
      {run.isError && (
        <Note tone="bad" role="alert">
          {messageOf(run.error)}
        </Note>
      )}
      {source === "documents" && <OneByOne search={search} go={go} busy={run.isPending} onMade={made} />}
      {source === "table" && <ATable search={search} go={go} busy={run.isPending} onMade={made} />}
      {source === "test_set" && testSets.data && <Existing testSets={testSets.data} chosen={search["test-set"]} busy={run.isPending} onStart={start} />}
    </div>
  );
}

function sourceOf(search: GuidedSearch): Source {
  if (search.table) return "table";
  return search["test-set"] && !search.submission ? "test_set" : "documents";
}

type SourceProps = Guided & { busy: boolean; onMade: (testSet: TestSet) => void };

function OneByOne({ search, go, busy, onMade }: SourceProps) {
  const ids = idsOf(search.submission);
  const known = useSubmissions(ids);
  const put = (change: (ids: readonly string[]) => readonly string[]) =>
    go((now) => ({ submission: change(idsOf(now.submission)).slice(0, MOST_SUBMISSIONS).join(","), table: undefined }));
  const lacking = known?.filter((submission) => !isExpected(submission)) ?? [];
  const ready = known !== null && known.length > 0 && lacking.length === 0;
  return (
    <>
      <Submissions ids={ids} onAdd={(id) => put((now) => [...now.filter((one) => one !== id), id])} onRemove={(id) => put((now) => now.filter((one) => one !== id))} />
      {ids.length >= MOST_SUBMISSIONS && <Note tone="warn">These are {MOST_SUBMISSIONS} documents, as many as can be tested one by one. A table holds thousands.</Note>}
      <Earlier chosen={ids} onAdd={(id) => put((now) => [...now, id])} />
      {ids.length > 0 && known === null && <Loading what="Loading the submissions" />}
      {lacking.length > 0 && (
        <Note>
          Say which score or answer you expect; without that nothing can be graded.{" "}
          {lacking.length < ids.length && `Still to do: ${lacking.map(({ name }) => name).join(", ")}.`}
        </Note>
      )}
      {ready && <TestSetup source={{ submission_ids: ids }} stamp={stampOf(known)} action="Run the test" busy={busy} onMade={onMade} />}
    </>
  );
}

function isExpected({ expected, expected_score }: TestSubmission): boolean {
  return expected !== null || expected_score !== null;
}

/** Changes with everything of them that a test is made of. */
function stampOf(submissions: readonly TestSubmission[]): string {
  return JSON.stringify(submissions.map(({ id, expected, expected_score, name }) => [id, expected, expected_score, name]));
}

function Earlier({ chosen, onAdd }: { chosen: readonly string[]; onAdd: (id: string) => void }) {
  const submissions = useInfiniteQuery(submissionsQuery);
  const others = submissions.data?.filter(({ id }) => !chosen.includes(id)) ?? [];
  if (others.length === 0) return null;
  return (
    <Fold summary={`Add from ${counted(others.length, "earlier submission")}`}>
      <ul className="card mt-1 max-h-72 divide-y divide-line overflow-y-auto">
        {others.map((submission) => (
          <li key={submission.id} className="flex items-center justify-between gap-3 py-1 pr-1 pl-4">
            <span className="min-w-0 break-words">{submission.name}</span>
            <Button look="quiet" icon="plus" onClick={() => onAdd(submission.id)}>
              Add<span className="sr-only"> {submission.name}</span>
            </Button>
          </li>
        ))}
      </ul>
    </Fold>
  );
}

function ATable({ search, go, busy, onMade }: SourceProps) {
  return (
    <>
      <TestTable onRead={({ id }) => go({ table: id, submission: undefined })} />
      {search.table && <TestSetup key={search.table} source={{ document_id: search.table }} stamp="" action="Run the test" busy={busy} onMade={onMade} />}
    </>
  );
}

interface ExistingProps {
  testSets: readonly TestSet[];
  chosen: string | undefined;
  busy: boolean;
  onStart: (id: string) => void;
}

function Existing({ testSets, chosen, busy, onStart }: ExistingProps) {
  const [id, setId] = useState(chosen ?? testSets[0]?.id ?? "");
  return (
    <div className="grid justify-items-start gap-3">
      <div className="w-full max-w-md">
        <SelectField label="Which test?" value={id} onChange={(event) => setId(event.target.value)}>
          {testSets.map(({ id: one, name, num_items }) => (
            <option key={one} value={one}>
              {name} ({counted(num_items, "item")})
            </option>
          ))}
        </SelectField>
      </div>
      <Button look="primary" icon="play" busy={busy} onClick={() => onStart(id)}>
        Run the test
      </Button>
    </div>
  );
}
