// A new job: loads what the form chooses from, and starts it where the address says (a document, a dataset, a model, an earlier job).
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { datasetQuery, datasetsQuery } from "@/features/datasets/queries";
import { documentQuery, documentsQuery } from "@/features/documents/queries";
import { emptyFields, fieldsFrom, type JobFields } from "@/features/jobs/job-fields";
import { NewJobForm, type LookSlot } from "@/features/jobs/new-job-form";
import { jobQuery } from "@/features/jobs/queries";
import { LookPanel } from "@/features/looks/look-panel";
import { testSetsQuery } from "@/features/testing/queries";
import { useBases } from "@/features/models/use-bases";
import type { BaseModel, Dataset, Document, Job } from "@/lib/wire";
import { LinkButton, TextLink } from "@/ui/button";
import { Empty, Failed, Loading, Note } from "@/ui/notices";
import { Page } from "@/ui/page";
import { lookSearch } from "./look-address";

export function NewJobPage() {
  const search = useSearch({ from: "/gate/jobs/new" });
  return (
    <Page title="New job" lead="Choose what to learn from and what to start with. The rest may stay on auto.">
      {/* Another starting point is another form. */}
      <Prepared key={`${search.document ?? ""} ${search.dataset ?? ""} ${search.from ?? ""} ${search.model ?? ""}`} {...search} />
    </Page>
  );
}

interface Start {
  document?: string;
  dataset?: string;
  model?: string;
  from?: string;
}

function Prepared({ document: documentId, dataset: datasetId, model, from }: Start) {
  const navigate = useNavigate();
  const documents = useInfiniteQuery(documentsQuery);
  const datasets = useInfiniteQuery(datasetsQuery);
  const testSets = useInfiniteQuery({ ...testSetsQuery, retry: false });
  const earlier = useQuery({ ...jobQuery(from ?? ""), enabled: from !== undefined, refetchInterval: false });
  const models = useBases(from === undefined ? model : earlier.data?.base_model);
  // What it was trained on may be gone; its documents are then enough.
  const before = useQuery({ ...datasetQuery(earlier.data?.dataset_id ?? ""), enabled: earlier.data !== undefined, retry: false });
  const single = useQuery({ ...documentQuery(documentId ?? ""), enabled: documentId !== undefined, retry: false });

  const waits =
    documents.isPending ||
    datasets.isPending ||
    testSets.isPending ||
    models.isPending ||
    (from !== undefined && earlier.isPending) ||
    (earlier.data !== undefined && before.isPending) ||
    (documentId !== undefined && single.isPending);
  if (waits) return <Loading what="Loading your documents and the base models" />;
  if (!documents.data) return <Failed what="Your documents" error={documents.error} onRetry={() => void documents.refetch()} />;
  if (!models.all) return <Failed what="The base models" error={models.error} onRetry={() => void models.refetch()} />;

  const all = withDocument(documents.data, single.data);
  const saved = datasets.data ?? [];
  // Guides become datasets without a document of one's own.
  if (all.length === 0 && saved.length === 0) return <NoDocuments />;
  const start = startOf({
    documents: all,
    models: models.all,
    chosen: documentId,
    dataset: saved.find(({ id }) => id === datasetId)?.id,
    model,
    earlier: earlier.data,
    before: before.data,
  });
  const gone = (earlier.data?.document_ids.length ?? 0) - (earlier.data ? start.document_ids.length : 0);
  return (
    <>
      {gone > 0 && <Note tone="warn">Not all documents of that job are here any more. The ones that are left are chosen.</Note>}
      {from !== undefined && !earlier.data && <Note tone="warn">The job to start from could not be loaded, so the form is empty.</Note>}
      {earlier.data && (
        <p className="text-ink-soft">
          Copied from{" "}
          <TextLink to="/jobs/$jobId" params={{ jobId: earlier.data.id }}>
            {earlier.data.name}
          </TextLink>
          . Change what should be different.
        </p>
      )}
      <NewJobForm
        documents={all}
        datasets={saved}
        testSets={testSets.data ?? []}
        models={models.all}
        start={start}
        copyOf={gone === 0 && before.data ? earlier.data?.id : undefined}
        onCreated={(job) => void navigate({ to: "/jobs/$jobId", params: { jobId: job.id } })}
        look={(slot) => <Look slot={slot} />}
      />
    </>
  );
}

function Look({ slot: { request, about, prepare, override } }: { slot: LookSlot }) {
  return (
    <LookPanel
      request={request}
      about={about}
      prepare={prepare}
      override={override}
      link={(asked) => (
        <TextLink to="/look" search={lookSearch(asked)}>
          On a page of its own
        </TextLink>
      )}
    />
  );
}

/** Documents to train on, newest first, with the chosen one even when it is older than the first page. */
function withDocument(listed: readonly Document[], chosen: Document | undefined): Document[] {
  const datasets = listed.filter(({ type }) => type === "dataset");
  return chosen && !datasets.some(({ id }) => id === chosen.id) ? [chosen, ...datasets] : datasets;
}

interface Choices {
  documents: readonly Document[];
  models: readonly BaseModel[];
  chosen: string | undefined;
  model: string | undefined;
  dataset: string | undefined;
  earlier: Job | undefined;
  /** What the earlier job was trained on. */
  before: Dataset | undefined;
}

function startOf({ documents, models, chosen, dataset, model, earlier, before }: Choices): JobFields {
  const known = (id: string) => documents.some((one) => one.id === id && one.status === "ready");
  if (earlier) {
    const fields = fieldsFrom(earlier, before);
    return { ...fields, document_ids: fields.document_ids.filter(known) };
  }
  const fit = documents.filter(({ status }) => status === "ready");
  const only = documents.length === 1 ? fit[0]?.id : undefined;
  const usable = (wanted: string | undefined) => models.find(({ id, availability }) => id === wanted && availability !== "unavailable");
  const baseModel = usable(model) ?? models.find(({ availability }) => availability === "ready");
  return emptyFields({ documentIds: [chosen ?? only].filter((id) => id !== undefined && known(id)) as string[], baseModel: baseModel?.id ?? "", datasetId: dataset });
}

function NoDocuments() {
  return (
    <Empty
      title="First, a document"
      action={
        <LinkButton to="/documents" look="primary">
          Add a document or use a sample
        </LinkButton>
      }
    >
      A model learns from documents, and you have none yet.
    </Empty>
  );
}
