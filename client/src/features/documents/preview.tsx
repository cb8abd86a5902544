// The first examples as the model will see them: what it learns to write is shaded, what it only reads is not.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { counted } from "@/lib/format";
import type { PreviewExample } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Failed, Loading } from "@/ui/notices";
import { Section } from "@/ui/page";
import { SideBySide } from "@/ui/sides";
import { previewQuery } from "./queries";

const FIRST = 5;
/** As many as the server shows. */
const MORE = 20;

export function DocumentPreview({ documentId }: { documentId: string }) {
  const [limit, setLimit] = useState(FIRST);
  const { data, error, refetch, isPending } = useQuery({ ...previewQuery(documentId, limit), placeholderData: (before) => before });
  if (isPending) return <Loading what="Reading the first examples" />;
  if (!data) return <Failed what="The preview" error={error} onRetry={() => void refetch()} />;
  return (
    <Section title="First examples" aside={<Legend />}>
      <ol className="grid gap-2">
        {data.data.map((example) => (
          <li key={example.index} className="card grid gap-2 p-3">
            <p className="text-xs text-ink-soft">
              Example {example.index + 1}
              {example.truncated && ", only its beginning is shown"}
            </p>
            {example.rejected ? (
              <SideBySide first={["Preferred", <Segments key="preferred" of={example.segments} />]} second={["Rejected", <Segments key="rejected" of={example.rejected} rejected />]} />
            ) : (
              <Segments of={example.segments} />
            )}
          </li>
        ))}
      </ol>
      <p className="flex flex-wrap items-center gap-3 text-ink-soft">
        {data.data.length} of {counted(data.num_examples, "example")}
        {limit === FIRST && data.num_examples > data.data.length && <Button onClick={() => setLimit(MORE)}>Show more</Button>}
      </p>
    </Section>
  );
}

function Segments({ of, rejected = false }: { of: PreviewExample["segments"]; rejected?: boolean }) {
  return (
    <p className="font-mono text-xs leading-relaxed break-words whitespace-pre-wrap">
      {of.map((segment, index) =>
        segment.trains ? (
          <mark key={index} className={`rounded-sm box-decoration-clone px-0.5 text-ink ${rejected ? "bg-bad-soft" : "bg-good-soft"}`}>
            {segment.text}
          </mark>
        ) : (
          <span key={index} className="text-ink-soft">
            {segment.text}
          </span>
        ),
      )}
    </p>
  );
}

function Legend() {
  return (
    <p className="flex flex-wrap gap-x-4 text-xs">
      <span className="rounded-sm bg-good-soft px-1">learns to write this</span>
      <span className="text-ink-soft">only reads this</span>
    </p>
  );
}
