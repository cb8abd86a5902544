// What a model is tested with: single documents with what is expected of each, a table of many, or a test that is here already.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { documentQuery } from "@/features/documents/queries";
import { useRunTest } from "@/features/testing/run-test";
import { MOST_IN_A_TEST, submissionsQuery, testSetsQuery, useAllSubmissions, useDeleteSubmission, useDeleteTestSet } from "@/features/testing/queries";
import { Submissions, useSubmissions } from "@/features/testing/submissions";
import { TestSetup } from "@/features/testing/test-setup";
import { TestTable } from "@/features/testing/test-table";
import { messageOf } from "@/lib/errors";
import { count, counted } from "@/lib/format";
import { idsOf } from "@/lib/search";
import type { TestSet, TestSubmission } from "@/lib/wire";
import { Button, IconButton } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { SelectField } from "@/ui/field";
import { Fold } from "@/ui/fold";
import { MoreButton } from "@/ui/more";
import { Failed, Loading, Note } from "@/ui/notices";
import { ALL_SUBMISSIONS, MOST_SUBMISSIONS, type GuidedSearch } from "./address";
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

  function deleted(testSetId: string) {
    if (testSets.data?.length === 1) setSource("documents");
    go((now) => (now["test-set"] === testSetId ? { "test-set": undefined } : {}));
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
      {source === "test_set" && testSets.data && <Existing testSets={testSets.data} chosen={search["test-set"]} busy={run.isPending} onStart={start} onDeleted={deleted} />}
    </div>
  );
}

function sourceOf(search: GuidedSearch): Source {
  if (search.table) return "table";
  return search["test-set"] && !search.submission ? "test_set" : "documents";
}

type SourceProps = Guided & { busy: boolean; onMade: (testSet: TestSet) => void };

function OneByOne(props: SourceProps) {
  return props.search.submission === ALL_SUBMISSIONS ? <AllOfThem {...props} /> : <Chosen {...props} />;
}

/** Too many for an address, which then says only that it is all of them. */
function AllOfThem({ go, busy, onMade }: SourceProps) {
  const { submissions, error, retry } = useAllSubmissions();
  if (error !== null) return <Failed what="The submissions" error={error} onRetry={retry} />;
  if (submissions === null) return <Loading what="Loading all submissions" />;
  const fit = submissions.filter(isExpected);
  const lacking = submissions.length - fit.length;
  return (
    <>
      <Submissions ids={[]} onAdd={() => undefined} onRemove={() => undefined} />
      <Note>
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p>
            Tested with {counted(fit.length, "submission")}, all that are here
            {submissions.length >= MOST_IN_A_TEST && ` (the newest ${count(MOST_IN_A_TEST)})`}.
            {lacking > 0 && ` Left out: ${counted(lacking, "submission")} without an expected score or answer.`}
          </p>
          <Button onClick={() => go({ submission: undefined })}>Choose them one by one</Button>
        </div>
      </Note>
      {fit.length > 0 && (
        <TestSetup source={{ submission_ids: fit.map(({ id }) => id) }} stamp={stampOf(fit)} action="Run the test" busy={busy} onMade={onMade} />
      )}
    </>
  );
}

function Chosen({ search, go, busy, onMade }: SourceProps) {
  const ids = idsOf(search.submission);
  const known = useSubmissions(ids);
  const put = (change: (ids: readonly string[]) => readonly string[]) =>
    go((now) => ({ submission: change(idsOf(now.submission)).slice(0, MOST_SUBMISSIONS).join(","), table: undefined }));
  const lacking = known?.filter((submission) => !isExpected(submission)) ?? [];
  const ready = known !== null && known.length > 0 && lacking.length === 0;
  return (
    <>
      <Submissions ids={ids} onAdd={(id) => put((now) => [...now.filter((one) => one !== id), id])} onRemove={(id) => put((now) => now.filter((one) => one !== id))} />
      {ids.length >= MOST_SUBMISSIONS && (
        <Note tone="warn">
          These are {MOST_SUBMISSIONS} documents, as many as can be chosen one by one. Take all that are here, up to {count(MOST_IN_A_TEST)}; a table holds thousands.
        </Note>
      )}
      <Earlier chosen={ids} onAdd={(id) => put((now) => [...now, id])} onAll={() => go({ submission: ALL_SUBMISSIONS, table: undefined })} />
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

function Earlier({ chosen, onAdd, onAll }: { chosen: readonly string[]; onAdd: (id: string) => void; onAll: () => void }) {
  const submissions = useInfiniteQuery(submissionsQuery);
  const [deleting, setDeleting] = useState<TestSubmission | null>(null);
  const remove = useDeleteSubmission();
  const others = submissions.data?.filter(({ id }) => !chosen.includes(id)) ?? [];
  if (others.length === 0) return null;
  return (
    <Fold summary={`Add from ${counted(others.length, "earlier submission")}`}>
      <ul className="card mt-1 max-h-72 divide-y divide-line overflow-y-auto">
        {others.map((submission) => (
          <li key={submission.id} className="flex items-center justify-between gap-3 py-1 pr-1 pl-4">
            <span className="min-w-0 flex-1 break-words">{submission.name}</span>
            <Button look="quiet" icon="plus" onClick={() => onAdd(submission.id)}>
              Add<span className="sr-only"> {submission.name}</span>
            </Button>
            <IconButton icon="trash" label={`Delete the submission ${submission.name}`} onClick={() => setDeleting(submission)} />
          </li>
        ))}
      </ul>
      <div className="mt-2 flex flex-wrap gap-3">
        <Button onClick={onAll}>Test with all that are here</Button>
        <MoreButton query={submissions} />
      </div>
      <ConfirmDialog
        title={`Delete the submission “${deleting?.name ?? ""}”?`}
        consequence="Its file and what you expect of it go with it. Tests that were made with it stay as they are."
        action="Delete the submission"
        open={deleting !== null}
        onClose={() => setDeleting(null)}
        onConfirm={async () => {
          if (deleting) await remove.mutateAsync(deleting.id);
        }}
      />
    </Fold>
  );
}

function ATable({ search, go, busy, onMade }: SourceProps) {
  const table = useQuery({ ...documentQuery(search.table ?? ""), enabled: search.table !== undefined });
  return (
    <>
      <TestTable onRead={({ id }) => go({ table: id, submission: undefined })} />
      {search.table && (
        <TestSetup
          key={search.table}
          source={{ document_id: search.table }}
          columns={table.data?.columns ?? []}
          stamp=""
          action="Run the test"
          busy={busy}
          onMade={onMade}
        />
      )}
    </>
  );
}

interface ExistingProps {
  testSets: readonly TestSet[];
  chosen: string | undefined;
  busy: boolean;
  onStart: (id: string) => void;
  onDeleted: (id: string) => void;
}

function Existing({ testSets, chosen, busy, onStart, onDeleted }: ExistingProps) {
  const [picked, setPicked] = useState(chosen ?? "");
  const [deleting, setDeleting] = useState(false);
  const remove = useDeleteTestSet();
  const testSet = testSets.find(({ id }) => id === picked) ?? testSets[0];
  if (!testSet) return null;
  return (
    <div className="grid justify-items-start gap-3">
      <div className="w-full max-w-md">
        <SelectField label="Which test?" value={testSet.id} onChange={(event) => setPicked(event.target.value)}>
          {testSets.map(({ id, name, num_items }) => (
            <option key={id} value={id}>
              {name} ({counted(num_items, "item")})
            </option>
          ))}
        </SelectField>
      </div>
      <div className="flex flex-wrap gap-3">
        <Button look="primary" icon="play" busy={busy} onClick={() => onStart(testSet.id)}>
          Run the test
        </Button>
        <Button icon="trash" onClick={() => setDeleting(true)}>
          Delete this test
        </Button>
      </div>
      <ConfirmDialog
        title={`Delete the test “${testSet.name}”?`}
        consequence="Its items go with it, and what came of running it on any model. The documents that it was made of stay."
        action="Delete the test"
        open={deleting}
        onClose={() => setDeleting(false)}
        onConfirm={async () => {
          await remove.mutateAsync(testSet.id);
          onDeleted(testSet.id);
        }}
      />
    </div>
  );
}
