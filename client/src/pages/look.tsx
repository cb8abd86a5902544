// What the model will see, on a page of its own: everything it is about stands in the address.
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { lookQuery } from "@/features/looks/queries";
import { LookView } from "@/features/looks/look-view";
import { baseModelsQuery } from "@/features/models/queries";
import { chosenSettings } from "@/lib/hyperparameters";
import type { LookRequest } from "@/lib/wire";
import { LinkButton } from "@/ui/button";
import { Failed, Loading, Missing } from "@/ui/notices";
import { Page } from "@/ui/page";
import { lookRequest } from "./look-address";

export function LookPage() {
  const search = useSearch({ from: "/gate/look" });
  const request = lookRequest(search);
  if (request === null) return <Missing what="This look" action={<LinkButton to="/jobs/new">Choose data and a model</LinkButton>} />;
  return <Looked request={request} />;
}

function Looked({ request }: { request: LookRequest }) {
  const { data, error, refetch, isFetching } = useQuery(lookQuery(request));
  const { data: models } = useQuery(baseModelsQuery);
  const name = models?.data.find(({ id }) => id === request.base_model)?.name ?? request.base_model;
  const document = request.document_ids?.length === 1 ? request.document_ids[0] : undefined;
  return (
    <Page
      title="What the model will see"
      lead={`The data as ${name} reads it, ${settingsOf(request)}.`}
      actions={
        <LinkButton
          to="/jobs/new"
          icon="play"
          look="primary"
          search={{ model: request.base_model, ...(request.dataset_id ? { dataset: request.dataset_id } : {}), ...(document && { document }) }}
        >
          Train on this
        </LinkButton>
      }
    >
      {data ? (
        <LookView look={data} />
      ) : isFetching ? (
        <Loading what="The data goes through the model's tokenizer. It takes some seconds" />
      ) : (
        <Failed what="This look" error={error} onRetry={() => void refetch()} />
      )}
    </Page>
  );
}

function settingsOf({ method = "auto", hyperparameters }: LookRequest): string {
  const chosen = [...(method === "auto" ? [] : [["method", method] as const]), ...chosenSettings(hyperparameters)];
  if (chosen.length === 0) return "with every setting on auto";
  return `with ${chosen.map(([what, value]) => `${what.replaceAll("_", " ")} ${value}`).join(", ")} and the other settings on auto`;
}
