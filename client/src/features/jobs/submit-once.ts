// Makes a job once, however often the button is pressed and whatever the line does.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef } from "react";
import { cloneJob, createJob } from "@/lib/api/jobs";
import { randomKey } from "@/lib/random";
import type { Job, JobChanges, JobRequest } from "@/lib/wire";
import { jobQuery } from "./queries";

/** A job of its own, or a copy of one. */
export type Submission = { request: JobRequest } | { copyOf: string; changes: JobChanges };

/** One key for one form and content: repeating it can make no second job; changing the form asks for another job. */
export function useSubmitOnce(): (submission: Submission) => Promise<Job> {
  const client = useQueryClient();
  const attempt = useRef<{ body: string; key: string; answer: Promise<Job> | null }>(null);
  return useCallback(
    async (submission) => {
      const body = JSON.stringify(submission);
      if (attempt.current?.body !== body) attempt.current = { body, key: randomKey(), answer: null };
      const mine = attempt.current;
      mine.answer ??= send(submission, mine.key).finally(() => {
        mine.answer = null;
      });
      const job = await mine.answer;
      client.setQueryData(jobQuery(job.id).queryKey, job);
      void client.invalidateQueries({ queryKey: ["jobs", "list"] });
      return job;
    },
    [client],
  );
}

function send(submission: Submission, key: string): Promise<Job> {
  return "request" in submission ? createJob(submission.request, key) : cloneJob(submission.copyOf, submission.changes, key);
}
