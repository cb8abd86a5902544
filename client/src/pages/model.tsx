// One tuned model: what it is, trying it beside its base, taking it away.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { documentsQuery, previewQuery } from "@/features/documents/queries";
import { jobQuery } from "@/features/jobs/queries";
import { BaseName } from "@/features/models/base-name";
import { Exports } from "@/features/models/exports";
import { Outcome } from "@/features/models/outcome";
import { Playground } from "@/features/models/playground";
import { tunedModelQuery, useDeleteTunedModel } from "@/features/models/queries";
import { Snippet } from "@/features/models/snippet";
import { useBases } from "@/features/models/use-bases";
import { getDownloadLink } from "@/lib/api/models";
import { downloadFrom } from "@/lib/download";
import { messageOf } from "@/lib/errors";
import { amount, bytes, count, methodName } from "@/lib/format";
import type { PreviewExample, TunedModel } from "@/lib/wire";
import { Button, LinkButton, TextLink } from "@/ui/button";
import { ConfirmDialog } from "@/ui/dialog";
import { Failed, Loading } from "@/ui/notices";
import { Page, Section } from "@/ui/page";
import { ExactTime, Facts, Id } from "@/ui/text";
import { toast } from "@/ui/toasts";
import { ModelTests } from "./model-tests";

export function ModelPage() {
  const { modelId } = useParams({ from: "/gate/models/$modelId" });
  const { test: shown } = useSearch({ from: "/gate/models/$modelId" });
  const navigate = useNavigate();
  const { data: model, error, isPending, refetch } = useQuery(tunedModelQuery(modelId));
  const bases = useBases(model?.base_model);
  if (isPending || bases.isPending) return <Loading what="Loading the model" />;
  if (!model) return <Failed what="This model" error={error} onRetry={() => void refetch()} back={<LinkButton to="/models">All models</LinkButton>} />;
  return (
    <Page title={model.name} lead={<BaseLine id={model.base_model} />} actions={<Actions model={model} />}>
      <div className="card p-4">
        <Facts
          facts={[
            ["Validation loss", <Outcome key="outcome" model={model} />],
            ["Method", methodName(model.method)],
            ["Parameters", amount(model.num_parameters)],
            ["Trained tokens", count(model.num_training_tokens)],
            ["Size", bytes(model.size_bytes)],
            ["Made", <ExactTime key="made" at={model.created_at} />],
            [
              "Job",
              <TextLink key="job" to="/jobs/$jobId" params={{ jobId: model.job_id }}>
                How it was trained
              </TextLink>,
            ],
            ["Id", <Id key="id" value={model.id} />, "wide"],
          ]}
        />
      </div>
      <Section title="Try it">
        <TryIt model={model} base={bases.all?.find(({ id }) => id === model.base_model)} />
      </Section>
      <ModelTests
        model={model}
        shown={shown}
        onShow={(test) => void navigate({ to: "/models/$modelId", params: { modelId }, search: { test }, replace: true, resetScroll: false })}
      />
      <Exports modelId={model.id} />
      <Snippet model={model} />
    </Page>
  );
}

/** What it was tuned from; one's own model has a page of its own. */
function BaseLine({ id }: { id: string }) {
  return (
    <>
      Tuned from <BaseName id={id} />.
    </>
  );
}

function TryIt({ model, base }: { model: TunedModel; base: Parameters<typeof Playground>[0]["base"] }) {
  const job = useQuery({ ...jobQuery(model.job_id), retry: false, refetchInterval: false });
  const documents = useInfiniteQuery(documentsQuery);
  // A document that has been deleted meanwhile is not asked for.
  const documentId = job.data?.document_ids.find((wanted) => documents.data?.some(({ id }) => id === wanted));
  const preview = useQuery({ ...previewQuery(documentId ?? "", 5), enabled: documentId !== undefined, retry: false });
  return <Playground tuned={model} base={base} examples={promptsOf(preview.data?.data ?? [])} />;
}

const MOST_EXAMPLES = 3;

/** What stands before the first trained part of an example; the beginning of plain text, which trains as a whole. */
function promptsOf(examples: readonly PreviewExample[]): string[] {
  const prompts = examples.map(({ shape, segments }) => {
    const first = segments[0];
    if (!first) return "";
    return shape === "text" ? first.text.trim().split(/\s+/).slice(0, 6).join(" ") : first.trains ? "" : lastQuestion(first.text);
  });
  return [...new Set(prompts.filter((prompt) => prompt !== "" && prompt.length < 400))].slice(0, MOST_EXAMPLES);
}

/** What the user said last, out of a conversation in the preview's plain words ("User: …", "Assistant:"). */
function lastQuestion(text: string): string {
  return (text.split(/^User: /m).at(-1) ?? "").replace(/\s*Assistant:\s*$/, "").trim();
}

function Actions({ model }: { model: TunedModel }) {
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const [linking, setLinking] = useState(false);
  const remove = useDeleteTunedModel();

  async function download() {
    setLinking(true);
    try {
      downloadFrom((await getDownloadLink(model.id)).url);
      toast(`The download has started (${bytes(model.size_bytes)}).`);
    } catch (error) {
      toast(messageOf(error), "failed");
    } finally {
      setLinking(false);
    }
  }

  async function confirmed() {
    await remove.mutateAsync(model.id);
    toast(`“${model.name}” is deleted.`);
    await navigate({ to: "/models" });
  }

  return (
    <>
      <Button icon="download" look="primary" busy={linking} onClick={() => void download()}>
        Download
      </Button>
      <LinkButton to="/jobs/new" search={{ model: model.id }} icon="plus">
        Continue from this model
      </LinkButton>
      <Button icon="trash" look="danger" onClick={() => setAsking(true)}>
        Delete
      </Button>
      <ConfirmDialog
        title={`Delete “${model.name}”?`}
        consequence={`Its ${bytes(model.size_bytes)} of weights are removed for good. The job stays, and running it again makes it anew.`}
        action="Delete it"
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={confirmed}
      />
    </>
  );
}
