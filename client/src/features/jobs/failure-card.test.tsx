import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { describe, expect, test } from "vitest";
import type { Job, JobError } from "@/lib/wire";
import { show } from "@/test/render";
import { job } from "@/test/samples";
import { server } from "@/test/server";
import { changesIn, FailureCard } from "./failure-card";

const failed: Job = { ...job, state: "failed", resumes_from_step: 40, resolved: { batch_size: { value: 8, reason: "It fits." } } };
const error = (action: JobError["action"]): JobError => ({ code: "out_of_memory", message: "The memory ran out.", cause: "Too much at once.", fix: "Read less at once.", action });
const line = { cursor: 1, at: "2026-11-22T10:00:00Z", level: "error" as const, text: "it broke" };

describe("a failure", () => {
  test("says what happened, why, what to do, and what the log said last", async () => {
    await show(<FailureCard job={failed} error={error(null)} lines={[line]} />);
    for (const words of ["The memory ran out.", "Too much at once.", "Read less at once.", /it broke/]) expect(screen.getByText(words)).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Copy this report" })).toBeInTheDocument();
  });

  test("is retried from its checkpoint at a press", async () => {
    let retried = 0;
    server.use(
      http.post("/api/jobs/job-1/retry", () => {
        retried += 1;
        return HttpResponse.json({ ...failed, state: "queued" });
      }),
    );
    await show(<FailureCard job={failed} error={error({ kind: "retry", label: "Try again", hyperparameters: {} })} lines={[]} />);
    expect(screen.getByText("It goes on from the checkpoint at step 40.")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await expect.poll(() => retried).toBe(1);
  });

  test("is started anew with other settings, which are named first", async () => {
    let sent: unknown = null;
    server.use(
      http.post("/api/jobs/job-1/clone", async ({ request }) => {
        sent = await request.json();
        return HttpResponse.json({ ...failed, id: "job-2", state: "queued" }, { status: 201 });
      }),
    );
    const { router } = await show(<FailureCard job={failed} error={error({ kind: "clone", label: "Start with a smaller batch", hyperparameters: { batch_size: 4 } })} lines={[]} />);
    expect(screen.getByText("A new job with batch size 4 instead of 8; all else stays.")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Start with a smaller batch" }));
    await expect.poll(() => router.state.location.pathname).toBe("/jobs/job-2");
    expect(sent).toEqual({ hyperparameters: { batch_size: 4 } });
  });

  test("that does not say its settings names only the new ones", () =>
    expect(changesIn({ resolved: {} }, { learning_rate: 0.0001, batch_size: 4 })).toBe("learning rate 0.0001, batch size 4"));
});
