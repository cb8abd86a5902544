// All documents, and the ways to add one.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { DocumentList } from "@/features/documents/document-list";
import { DropZone } from "@/features/documents/drop-zone";
import { LeftUploads } from "@/features/documents/left-uploads";
import { documentsQuery, samplesQuery, useCopySample, useTakeUploads } from "@/features/documents/queries";
import { SampleList } from "@/features/documents/sample-list";
import { UploadList } from "@/features/documents/upload-list";
import { messageOf } from "@/lib/errors";
import { TextField } from "@/ui/field";
import { MoreButton } from "@/ui/more";
import { Empty, Failed, Loading } from "@/ui/notices";
import { Page, Section } from "@/ui/page";
import { toast } from "@/ui/toasts";
import { DataTabs } from "./data-tabs";

export function DocumentsPage() {
  const documents = useInfiniteQuery(documentsQuery);
  const refresh = useTakeUploads();
  return (
    <Page title="Documents" lead="What your models learn from. Each one is read and checked when it arrives.">
      <DataTabs />
      <DropZone onDone={refresh} />
      <UploadList onDone={refresh} />
      <LeftUploads onDone={refresh} />
      {documents.isPending ? (
        <Loading what="Loading your documents" />
      ) : documents.isError ? (
        <Failed what="Your documents" error={documents.error} onRetry={() => void documents.refetch()} />
      ) : (
        <YourDocuments query={documents} documents={documents.data} />
      )}
      <Samples />
    </Page>
  );
}

function YourDocuments({ query, documents }: { query: Parameters<typeof MoreButton>[0]["query"]; documents: Parameters<typeof DocumentList>[0]["documents"] }) {
  const [search, setSearch] = useState("");
  if (documents.length === 0) {
    return (
      <Empty title="No documents yet">
        Drop a file above: text, PDF or Word, a table, or JSON with prompts and answers. Or try a sample below first.
      </Empty>
    );
  }
  const wanted = search.trim().toLowerCase();
  const found = documents.filter(({ name, filename }) => `${name} ${filename}`.toLowerCase().includes(wanted));
  return (
    <Section title="Your documents">
      {documents.length > 5 && <TextField label="Search by name" type="search" value={search} onChange={(event) => setSearch(event.target.value)} />}
      {found.length === 0 ? <p className="text-ink-soft">No name has “{search}” in it. Clear the search to see all.</p> : <DocumentList documents={found} />}
      <MoreButton query={query} />
    </Section>
  );
}

function Samples() {
  const navigate = useNavigate();
  const { data } = useQuery(samplesQuery);
  const copy = useCopySample();
  if (!data || data.data.length === 0) return null;
  return (
    <Section title="Samples">
      <SampleList
        samples={data.data}
        busyId={copy.isPending ? copy.variables : null}
        onChoose={(sample) =>
          copy.mutate(sample.id, {
            onSuccess: (document) => void navigate({ to: "/documents/$documentId", params: { documentId: document.id } }),
            onError: (error) => toast(messageOf(error), "failed"),
          })
        }
      />
    </Section>
  );
}
