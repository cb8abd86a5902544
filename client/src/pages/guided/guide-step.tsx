// Step 1: what to learn from. A new guide, guides that are here already, other documents beside them; then what was read, to be confirmed.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCreateDataset } from "@/features/datasets/queries";
import { documentsQuery } from "@/features/documents/queries";
import { GuideCard } from "@/features/guides/guide-card";
import { GuideChoice } from "@/features/guides/guide-choice";
import { GuideUpload } from "@/features/guides/guide-upload";
import { guidesQuery, useGuideDataset } from "@/features/guides/queries";
import { messageOf } from "@/lib/errors";
import { bytes, count, counted } from "@/lib/format";
import { idsOf } from "@/lib/search";
import { useUser } from "@/lib/session";
import type { Dataset } from "@/lib/wire";
import { Button, LinkButton } from "@/ui/button";
import { Fold } from "@/ui/fold";
import { MoreButton } from "@/ui/more";
import { Note } from "@/ui/notices";
import { OrderedChoice } from "@/ui/ordered-choice";
import { Section } from "@/ui/page";
import { stepOf } from "./address";
import { lastVisit } from "./last-visit";
import { STEP_NAMES } from "./step-nav";
import type { Guided } from "./use-guided";

export function GuideStep({ search, go }: Guided) {
  const guides = idsOf(search.guide);
  const documents = idsOf(search.document);
  const choose = (id: string, on: boolean) =>
    go((now) => {
      const others = idsOf(now.guide).filter((one) => one !== id);
      return { guide: (on ? [...others, id] : others).join(",") };
    });
  return (
    <>
      <WhereYouWere search={search} />
      <GuideUpload first={guides.length === 0} onRead={({ id }) => choose(id, true)} />
      <EarlierGuides chosen={guides} onChoose={choose} />
      <OtherDocuments chosen={documents} onChange={(ids) => go({ document: ids.join(",") })} />
      {guides.length > 0 && (
        <Section title="What was read">
          {guides.map((id) => (
            <GuideCard key={id} id={id} onRemove={() => choose(id, false)} />
          ))}
        </Section>
      )}
      {(guides.length > 0 || documents.length > 0) && <Confirm guides={guides} documents={documents} onMade={({ id }) => go({ dataset: id, step: "train" })} />}
    </>
  );
}

/** Offered to who comes back to an empty page. */
function WhereYouWere({ search }: Pick<Guided, "search">) {
  const user = useUser();
  const last = user && Object.keys(search).length === 0 ? lastVisit(user.id) : null;
  if (!last) return null;
  return (
    <Note>
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p>You were here before, at the step “{STEP_NAMES[stepOf(last)]}”.</p>
        <LinkButton to="/llm-training" search={{ ...last, step: stepOf(last) }} icon="play">
          Go on there
        </LinkButton>
      </div>
    </Note>
  );
}

function EarlierGuides({ chosen, onChoose }: { chosen: readonly string[]; onChoose: (id: string, on: boolean) => void }) {
  const guides = useInfiniteQuery(guidesQuery);
  if (!guides.data || guides.data.length === 0) return null;
  return (
    <Fold summary={`Use a guide that is here already (${count(guides.data.length)}${guides.hasNextPage ? " or more" : ""})`}>
      <div className="mt-1 grid gap-2">
        <GuideChoice guides={guides.data} chosen={chosen} onChoose={onChoose} />
        <MoreButton query={guides} />
      </div>
    </Fold>
  );
}

function OtherDocuments({ chosen, onChange }: { chosen: readonly string[]; onChange: (ids: string[]) => void }) {
  const documents = useInfiniteQuery(documentsQuery);
  const usable = documents.data?.filter(({ type }) => type === "dataset") ?? [];
  if (usable.length === 0) return null;
  return (
    <Fold summary={`Learn from other documents too (${count(usable.length)}${documents.hasNextPage ? " or more" : ""})`} open={chosen.length > 0 || undefined}>
      <div className="mt-1 grid gap-2">
        <OrderedChoice
          items={usable.map((document) => ({
            id: document.id,
            name: document.name,
            detail: `${counted(document.num_examples, "example")}, ${bytes(document.size_bytes)}`,
            unfit: document.status === "needs_mapping" ? "Its columns have no parts yet. Open it under Documents first." : undefined,
          }))}
          chosen={chosen}
          onChange={onChange}
        />
        <MoreButton query={documents} />
      </div>
    </Fold>
  );
}

interface ConfirmProps {
  guides: readonly string[];
  documents: readonly string[];
  onMade: (dataset: Dataset) => void;
}

/** Freezes what is trained on as it is now. The same again is the same. */
function Confirm({ guides, documents, onMade }: ConfirmProps) {
  const ofGuides = useGuideDataset();
  const ofDocuments = useCreateDataset();
  const error = ofGuides.error ?? ofDocuments.error;
  function confirm() {
    if (guides.length > 0) ofGuides.mutate({ guide_ids: [...guides], document_ids: [...documents] }, { onSuccess: onMade });
    else ofDocuments.mutate({ document_ids: [...documents] }, { onSuccess: onMade });
  }
  return (
    <div className="grid justify-items-start gap-3">
      {error && (
        <Note tone="bad" role="alert">
          {messageOf(error)}
        </Note>
      )}
      <Button look="primary" icon="check" busy={ofGuides.isPending || ofDocuments.isPending} onClick={confirm}>
        This is right, go on to training
      </Button>
    </div>
  );
}
