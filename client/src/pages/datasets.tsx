// Saved datasets: documents in an order with their split, to train on again and again.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { DatasetForm } from "@/features/datasets/dataset-form";
import { DatasetList } from "@/features/datasets/dataset-list";
import { datasetsQuery } from "@/features/datasets/queries";
import { documentsQuery } from "@/features/documents/queries";
import { Button, LinkButton } from "@/ui/button";
import { MoreButton } from "@/ui/more";
import { Empty, Failed, Loading } from "@/ui/notices";
import { Page, Section } from "@/ui/page";
import { toast } from "@/ui/toasts";
import { DataTabs } from "./data-tabs";

export function DatasetsPage() {
  const [making, setMaking] = useState(false);
  const datasets = useInfiniteQuery(datasetsQuery);
  const documents = useInfiniteQuery(documentsQuery);
  const usable = (documents.data ?? []).filter(({ type }) => type === "dataset");
  return (
    <Page
      title="Datasets"
      lead="Documents in an order, with what is kept back to measure on. A job makes its own when you choose documents for it."
      actions={
        <Button icon={making ? "cross" : "plus"} aria-expanded={making} onClick={() => setMaking(!making)}>
          {making ? "Close" : "New dataset"}
        </Button>
      }
    >
      <DataTabs />
      {making && (
        <Section title="New dataset">
          {usable.length === 0 ? (
            <Empty title="First, a document" action={<LinkButton to="/documents">Add a document</LinkButton>}>
              A dataset is made of documents, and you have none yet.
            </Empty>
          ) : (
            <DatasetForm
              documents={usable}
              onMade={(dataset) => {
                setMaking(false);
                toast(`“${dataset.name}” is made.`);
              }}
            />
          )}
        </Section>
      )}
      {datasets.isPending ? (
        <Loading what="Loading your datasets" />
      ) : datasets.isError ? (
        <Failed what="Your datasets" error={datasets.error} onRetry={() => void datasets.refetch()} />
      ) : datasets.data.length === 0 ? (
        <Empty title="No datasets yet">Make one to train several models on exactly the same data. A single job needs none: it makes its own.</Empty>
      ) : (
        <>
          <DatasetList datasets={datasets.data} documents={documents.data ?? []} />
          <MoreButton query={datasets} />
        </>
      )}
    </Page>
  );
}
