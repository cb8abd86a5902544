// A test before it is run: what it would ask, how it would be graded and why, what was noticed. Everything found can be changed.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { messageOf } from "@/lib/errors";
import { counted } from "@/lib/format";
import { scoreText } from "@/lib/scores";
import type { Column, TestItem, TestSet, TestSetPreview, TestSetRequest } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Fold } from "@/ui/fold";
import { Loading, Note } from "@/ui/notices";
import { Section } from "@/ui/page";
import { ColumnsFields, readColumns, type ChosenColumns } from "./columns";
import { graderMeans, graderName, graderSettings, graderTexts, readGrader, type GraderTexts } from "./graders";
import { GraderPicker } from "./grader-picker";
import { previewQuery, useCreateTestSet } from "./queries";

interface TestSetupProps {
  /** Where the items come from. */
  source: Pick<TestSetRequest, "submission_ids" | "document_id">;
  /** Of a table, for the person to say which is what. */
  columns?: readonly Column[];
  /** Changes whenever what the source names has changed. */
  stamp: string;
  name?: string;
  action: string;
  busy?: boolean;
  onMade: (testSet: TestSet) => void;
}

export function TestSetup({ source, columns: available = [], stamp, name, action, busy = false, onMade }: TestSetupProps) {
  const [texts, setTexts] = useState<GraderTexts | null>(null);
  const [chosen, setChosen] = useState<ChosenColumns | null>(null);
  const columns = readColumns(chosen);
  const grader = texts === null ? null : readGrader(texts);
  const [asked, setAsked] = useState<TestSetRequest>(source);
  const wanted: TestSetRequest = { ...source, ...(grader?.value && { grader: grader.value }), ...(columns && { columns }) };
  // While the grader that is edited cannot be read, the last that could is what is shown.
  const request = grader !== null && grader.value === null ? { ...source, ...asked } : wanted;
  const preview = useQuery({ ...previewQuery(request, stamp), placeholderData: (before) => before });
  const create = useCreateTestSet();
  const found = preview.data;

  function change(next: GraderTexts) {
    const read = readGrader(next);
    if (read.value) setAsked({ ...source, grader: read.value, ...(columns && { columns }) });
    setTexts(next);
  }

  function make() {
    if (grader !== null && grader.value === null) return;
    create.mutate(name === undefined || name.trim() === "" ? wanted : { ...wanted, name: name.trim() }, { onSuccess: onMade });
  }

  if (preview.isPending) return <Loading what="Looking at the tests" />;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-6">
      {available.length > 0 && (
        <Section title="Which column is what">
          {found && chosen === null && <p className="max-w-prose text-ink-soft">Found by the names of the columns. Change what is not right.</p>}
          <ColumnsFields available={available} columns={chosen ?? found?.columns ?? {}} onChange={setChosen} />
        </Section>
      )}
      {preview.isError && (
        <Note tone="bad" role="alert">
          {messageOf(preview.error)}
        </Note>
      )}
      {found && (
        <>
          <Section title="How it is graded">
            <GradedBy found={found} texts={texts} errors={grader?.errors ?? {}} onChange={change} />
          </Section>
          <Items preview={found} />
        </>
      )}
      {create.isError && (
        <Note tone="bad" role="alert">
          {messageOf(create.error)}
        </Note>
      )}
      <Button look="primary" icon="play" busy={create.isPending || busy} disabled={!found} className="justify-self-start" onClick={make}>
        {action}
      </Button>
    </div>
  );
}

interface GradedByProps {
  found: TestSetPreview;
  texts: GraderTexts | null;
  errors: ReturnType<typeof readGrader>["errors"];
  onChange: (texts: GraderTexts) => void;
}

function GradedBy({ found: { grader, grader_reason: reason }, texts, errors, onChange }: GradedByProps) {
  const settings = graderSettings(grader);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <div className="card p-4">
        <p className="font-medium">
          {graderName(grader.kind)}
          {settings && <span className="font-normal text-ink-soft">, {settings}</span>}
        </p>
        <p>{graderMeans(grader.kind)}</p>
        {reason && <p className="text-xs text-ink-soft">{reason}</p>}
      </div>
      <Fold summary="Grade it in another way">
        <div className="mt-2">
          <GraderPicker texts={texts ?? graderTexts(grader)} errors={errors} onChange={onChange} />
        </div>
      </Fold>
    </div>
  );
}

function Items({ preview: { num_items, items, warnings } }: { preview: TestSetPreview }) {
  return (
    <Section title={`${counted(num_items, "test item")}`}>
      {warnings.map((warning) => (
        <Note key={warning} tone="warn">
          {warning}
        </Note>
      ))}
      <Fold summary={items.length < num_items ? `See the first ${items.length}` : "See what is asked"}>
        <ol className="card mt-1 divide-y divide-line">
          {items.map((item) => (
            <li key={item.id} className="grid gap-x-4 gap-y-1 px-4 py-2 md:grid-cols-[minmax(0,1fr)_14rem]">
              <p className="line-clamp-3 break-words whitespace-pre-line">
                {item.label && <span className="block font-medium">{item.label}</span>}
                {questionOf(item)}
              </p>
              <p className="text-ink-soft">{expectationOf(item)}</p>
            </li>
          ))}
        </ol>
      </Fold>
    </Section>
  );
}

function questionOf({ prompt, messages }: TestItem): string {
  return prompt ?? messages?.at(-1)?.content ?? "";
}

export function expectationOf({ expected, expected_score: score }: Pick<TestItem, "expected" | "expected_score">): string {
  const parts = [score == null ? "" : `score ${scoreText(score)}`, expected == null ? "" : `“${expected.length > 120 ? `${expected.slice(0, 120)}…` : expected}”`];
  return parts.filter((part) => part !== "").join(", ") || "nothing expected";
}
