// Makes a job once, however often the button is pressed and whatever the line does.
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef } from "react";
import { createJob } from "@/lib/api/jobs";
import { randomKey } from "@/lib/random";
import type { Job, JobRequest } from "@/lib/wire";
import { jobQuery } from "./queries";

/** One key for one form and content: repeating it can make no second job; changing the form asks for another job. */
export function useSubmitOnce(): (request: JobRequest) => Promise<Job> {
  const client = useQueryClient();
  const attempt = useRef<{ body: string; key: string; answer: Promise<Job> | null }>(null);
  return useCallback(
    async (request) => {
      const body = JSON.stringify(request);
      if (attempt.current?.body !== body) attempt.current = { body, key: randomKey(), answer: null };
      const mine = attempt.current;
      mine.answer ??= createJob(request, mine.key).finally(() => {
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
