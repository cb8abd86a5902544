// All tuned models.
import { useInfiniteQuery } from "@tanstack/react-query";
import { tunedModelsQuery } from "@/features/models/queries";
import { LinkButton } from "@/ui/button";
import { MoreButton } from "@/ui/more";
import { Empty, Failed, Loading } from "@/ui/notices";
import { Page } from "@/ui/page";
import { TestedModels } from "./tested-models";

export function ModelsPage() {
  const models = useInfiniteQuery(tunedModelsQuery);
  return (
    <Page title="Models" lead="What your jobs made. Try each beside its base, and take it with you.">
      {models.isPending ? (
        <Loading what="Loading your models" />
      ) : !models.data ? (
        <Failed what="Your models" error={models.error} onRetry={() => void models.refetch()} />
      ) : models.data.length === 0 ? (
        <Empty
          title="No models yet"
          action={
            <LinkButton to="/jobs/new" look="primary">
              New job
            </LinkButton>
          }
        >
          Every job that succeeds leaves a model here.
        </Empty>
      ) : (
        <>
          <TestedModels models={models.data} />
          <MoreButton query={models} />
        </>
      )}
    </Page>
  );
}
