// One document: what it is, how it is read, what was noticed in it, and its first examples.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { DescribeDialog } from "@/features/documents/describe-dialog";
import { ExtractedText } from "@/features/documents/extracted-text";
import { DocumentPreview } from "@/features/documents/preview";
import { FIRST_PROBLEMS, ProblemList } from "@/features/documents/problem-list";
import { documentQuery, useDeleteDocument } from "@/features/documents/queries";
import { NeedsMapping, ReadingPanel } from "@/features/documents/reading-panel";
import { FORMATS, hasCharset, SHAPES } from "@/features/documents/reading-words";
import { downloadDocument, downloadDocumentProblems } from "@/lib/api/documents";
import { messageOf } from "@/lib/errors";
import { bytes, count, counted } from "@/lib/format";
import type { Document, Shape } from "@/lib/wire";
import { Button, LinkButton, TextLink } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { Failed, Loading, Note } from "@/ui/notices";
import { Page, Section } from "@/ui/page";
import { ExactTime, Facts, Id } from "@/ui/text";
import { toast } from "@/ui/toasts";

export function DocumentPage() {
  const { documentId } = useParams({ from: "/gate/documents/$documentId" });
  const { data: document, error, isPending, refetch } = useQuery(documentQuery(documentId));
  if (isPending) return <Loading what="Loading the document" />;
  if (!document) {
    return <Failed what="This document" error={error} onRetry={() => void refetch()} back={<LinkButton to="/documents">All documents</LinkButton>} />;
  }
  return (
    <Page title={document.name} lead={document.description} actions={<Actions document={document} />}>
      {document.duplicate_of !== null && <Duplicate of={document.duplicate_of} />}
      {document.status === "needs_mapping" && <NeedsMapping document={document} />}
      <div className="card p-4">
        <Facts
          facts={[
            ["Examples", count(document.num_examples)],
            ["Kind", shapesOf(document)],
            ["Format", formatOf(document)],
            ["Characters", count(document.num_characters)],
            ["Size", bytes(document.size_bytes)],
            ["File", <span key="file" className="break-all">{document.filename}</span>, "wide"],
            ["Added", <ExactTime key="added" at={document.created_at} />],
            ["Id", <Id key="id" value={document.id} />, "wide"],
          ]}
        />
      </div>
      {document.shapes.preference !== undefined && (
        <Note>A job on preference pairs alone learns to prefer the better answer of each (DPO). On a model that starts from scratch it learns to write the better ones.</Note>
      )}
      {document.num_problems > 0 && <Problems document={document} />}
      {document.status === "ready" && <DocumentPreview documentId={document.id} />}
      {document.has_text && <ExtractedText documentId={document.id} />}
      <ReadingPanel document={document} />
    </Page>
  );
}

function formatOf({ format, charset }: Document): string {
  return hasCharset(format) ? `${FORMATS[format]}, ${charset}` : FORMATS[format];
}

function shapesOf(document: Document): string {
  const parts = Object.entries(document.shapes).map(([shape, number]) => {
    const words = SHAPES[shape as Shape].name;
    return number === document.num_examples ? words : `${count(number)} ${words}`;
  });
  return parts.join(", ") || "–";
}

function Duplicate({ of }: { of: string }) {
  return (
    <Note>
      The same bytes are here already, as{" "}
      <TextLink to="/documents/$documentId" params={{ documentId: of }}>
        an earlier document
      </TextLink>
      . Training on both would count each example twice.
    </Note>
  );
}

function Problems({ document }: { document: Document }) {
  const { num_problems: all, warnings } = document;
  return (
    <Section
      title="Noticed while reading"
      aside={
        <Button icon="download" onClick={() => downloadDocumentProblems(document).catch((error: unknown) => toast(messageOf(error), "failed"))}>
          Download all problems
        </Button>
      }
    >
      <Note tone="warn">
        <div className="text-ink">
          <ProblemList problems={warnings} />
        </div>
        {all > Math.min(warnings.length, FIRST_PROBLEMS) && <p className="mt-2">The first {Math.min(warnings.length, FIRST_PROBLEMS)} of {counted(all, "problem")}.</p>}
      </Note>
    </Section>
  );
}

function Actions({ document }: { document: Document }) {
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const [describing, setDescribing] = useState(false);
  const remove = useDeleteDocument();

  async function confirmed() {
    await remove.mutateAsync(document.id);
    toast(`“${document.name}” is deleted.`);
    await navigate({ to: "/documents" });
  }

  return (
    <>
      {document.status === "ready" && (
        <LinkButton to="/jobs/new" search={{ document: document.id }} look="primary" icon="play">
          Train on this
        </LinkButton>
      )}
      <Button icon="pencil" onClick={() => setDescribing(true)}>
        Rename
      </Button>
      <Button icon="download" onClick={() => downloadDocument(document).catch((error: unknown) => toast(messageOf(error), "failed"))}>
        Download
      </Button>
      <Button icon="trash" look="danger" onClick={() => setAsking(true)}>
        Delete
      </Button>
      <DescribeDialog document={document} open={describing} onClose={() => setDescribing(false)} />
      <ConfirmDialog
        title={`Delete “${document.name}”?`}
        consequence="The file is removed for good. Jobs and models that used it stay."
        action="Delete it"
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={confirmed}
      />
    </>
  );
}
