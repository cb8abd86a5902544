import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { expect, test } from "vitest";
import { show } from "@/test/render";
import { job } from "@/test/samples";
import { server } from "@/test/server";
import { QueuePlace } from "./queue-place";

const waiting = { ...job, state: "queued" as const, queue_position: 3, queue_rank: 2 };

test("a waiting job says when it may start", async () => {
  await show(<QueuePlace job={{ ...waiting, estimated_start: new Date(Date.now() + 605_000).toISOString() }} />);
  expect(screen.getByText(/Starts in about 10\smin/)).toBeInTheDocument();
});

test("is moved among one's own, and not beyond the first", async () => {
  const sent: unknown[] = [];
  server.use(
    http.patch("/api/jobs/job-1", async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json({ ...waiting, queue_rank: 1 });
    }),
  );
  await show(<QueuePlace job={waiting} />);
  await userEvent.click(screen.getByRole("button", { name: "Start Kettle earlier" }));
  await expect.poll(() => sent).toEqual([{ queue_rank: 1 }]);
});

test("the first cannot go further up", async () => {
  await show(<QueuePlace job={{ ...waiting, queue_rank: 1 }} />);
  expect(screen.getByRole("button", { name: "Start Kettle earlier" })).toHaveAttribute("aria-disabled", "true");
  // A press would ask the server, which no test here answers.
  await userEvent.click(screen.getByRole("button", { name: "Start Kettle earlier" }));
});
