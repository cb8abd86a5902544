// The guided workflow: guide, train, test, report, one at a time, for somebody who knows nothing about models.
import { useQueries, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { guideQuery } from "@/features/guides/queries";
import { useJob } from "@/features/jobs/run-stream";
import { windowTitle } from "@/features/jobs/states";
import { reportQuery } from "@/features/reports/queries";
import { evaluationQuery } from "@/features/testing/queries";
import { idsOf } from "@/lib/search";
import { useUser } from "@/lib/session";
import { LinkButton } from "@/ui/button";
import { Page } from "@/ui/page";
import { stepOf, type GuidedSearch, type Step } from "./address";
import { GuideStep } from "./guide-step";
import { rememberVisit } from "./last-visit";
import { ReportStep } from "./report-step";
import { evaluationIdOf, statesOf, type Known } from "./states";
import { STEP_NAMES, StepNav } from "./step-nav";
import { TestStep } from "./test-step";
import { TrainStep } from "./train-step";
import { useGuided } from "./use-guided";

const LEADS: Record<Step, string> = {
  guide: "Show how it should be done: a handbook, a marking scheme, or examples of work with their scores. You see what was read before anything is trained.",
  train: "A small language model reads your guide, over and over, until it answers in its way. It runs on this machine and goes on when you leave this page.",
  test: "Give it work that it has not seen, with the result that you expect. The model from before training gets the same, so you see whether training helped.",
  report: "Everything on one page, to keep or to forward: what was asked, what was done, and whether it worked.",
};

export function GuidedPage() {
  const guided = useGuided();
  const { search } = guided;
  const step = stepOf(search);
  const known = useKnown(search);
  const user = useUser();
  useEffect(() => {
    if (user) rememberVisit(user.id, search);
  }, [user, search]);

  return (
    <Page
      title="Guide, train, test, report"
      windowTitle={known.job ? windowTitle({ ...known.job, name: STEP_NAMES[step] }) : STEP_NAMES[step]}
      actions={
        Object.keys(search).length > 0 && (
          <LinkButton to="/llm-training" search={{}} look="quiet" icon="repeat">
            Start over
          </LinkButton>
        )
      }
    >
      <StepNav current={step} states={statesOf(search, known)} search={search} />
      <section aria-label={STEP_NAMES[step]} className="grid grid-cols-[minmax(0,1fr)] gap-6">
        <div className="grid gap-1">
          <h2>{STEP_NAMES[step]}</h2>
          <p className="max-w-prose text-ink-soft">{LEADS[step]}</p>
        </div>
        {step === "guide" && <GuideStep {...guided} />}
        {step === "train" && <TrainStep {...guided} />}
        {step === "test" && <TestStep {...guided} />}
        {step === "report" && <ReportStep {...guided} />}
      </section>
    </Page>
  );
}

/** What the server knows of what the address names. */
function useKnown(search: GuidedSearch): Known {
  const guides = useQueries({ queries: idsOf(search.guide).map((id) => guideQuery(id)) });
  const job = useJob(search.job);
  const evaluationId = evaluationIdOf(search, job.data);
  const evaluation = useQuery({ ...evaluationQuery(evaluationId ?? ""), enabled: evaluationId !== undefined });
  const report = useQuery({ ...reportQuery(search.report ?? ""), enabled: search.report !== undefined });
  return { guides: guides.flatMap(({ data }) => (data ? [data] : [])), job: job.data, evaluation: evaluation.data, report: report.data };
}
