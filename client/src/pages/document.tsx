// One document: what it is, what was noticed in it, and what the model will see.
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { DocumentPreview } from "@/features/documents/preview";
import { documentQuery, useDeleteDocument } from "@/features/documents/queries";
import { downloadDocument } from "@/lib/api/documents";
import { messageOf } from "@/lib/errors";
import { bytes, count } from "@/lib/format";
import type { Document } from "@/lib/wire";
import { Button, LinkButton } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { Failed, Loading, Note } from "@/ui/notices";
import { Page, Section } from "@/ui/page";
import { ExactTime, Facts, Id, ProblemLine } from "@/ui/text";
import { toast } from "@/ui/toasts";

const SHAPES: Record<string, string> = { text: "plain text", prompt_completion: "prompt and answer", messages: "conversation" };

export function DocumentPage() {
  const { documentId } = useParams({ from: "/gate/documents/$documentId" });
  const { data: document, error, isPending, refetch } = useQuery(documentQuery(documentId));
  if (isPending) return <Loading what="Loading the document" />;
  if (!document) {
    return <Failed what="This document" error={error} onRetry={() => void refetch()} back={<LinkButton to="/documents">All documents</LinkButton>} />;
  }
  return (
    <Page title={document.name} lead={document.description} actions={<Actions document={document} />}>
      <div className="card p-4">
        <Facts
          facts={[
            ["Examples", count(document.num_examples)],
            ["Kind", shapesOf(document)],
            ["Format", `${document.format.toUpperCase()}, ${document.charset}`],
            ["Characters", count(document.num_characters)],
            ["Size", bytes(document.size_bytes)],
            ["File", <span key="file" className="break-all">{document.filename}</span>, "wide"],
            ["Added", <ExactTime key="added" at={document.created_at} />],
            ["Id", <Id key="id" value={document.id} />, "wide"],
          ]}
        />
      </div>
      {document.warnings.length > 0 && <Warnings document={document} />}
      <DocumentPreview documentId={document.id} />
    </Page>
  );
}

function shapesOf(document: Document): string {
  const parts = Object.entries(document.shapes).map(([shape, number]) => {
    const words = SHAPES[shape] ?? shape;
    return number === document.num_examples ? words : `${count(number)} ${words}`;
  });
  return parts.join(", ") || "–";
}

function Warnings({ document }: { document: Document }) {
  return (
    <Section title="Noticed while reading">
      <Note tone="warn">
        <ul className="grid gap-1">
          {document.warnings.map((warning, index) => (
            <li key={index}>
              <ProblemLine line={warning.line} message={warning.message} />
            </li>
          ))}
        </ul>
      </Note>
    </Section>
  );
}

function Actions({ document }: { document: Document }) {
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const remove = useDeleteDocument();

  async function confirmed() {
    await remove.mutateAsync(document.id);
    toast(`“${document.name}” is deleted.`);
    await navigate({ to: "/documents" });
  }

  return (
    <>
      <LinkButton to="/jobs/new" search={{ document: document.id }} look="primary" icon="play">
        Train on this
      </LinkButton>
      <Button icon="download" onClick={() => downloadDocument(document).catch((error: unknown) => toast(messageOf(error), "failed"))}>
        Download
      </Button>
      <Button icon="trash" look="danger" onClick={() => setAsking(true)}>
        Delete
      </Button>
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
