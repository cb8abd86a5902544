import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { describe, expect, test } from "vitest";
import { show } from "@/test/render";
import { job, refusal } from "@/test/samples";
import { server } from "@/test/server";
import { Toasts } from "@/ui/toasts";
import { JobActions } from "./job-actions";

const ask = () => userEvent.click(screen.getByRole("button", { name: "Cancel" }));
const confirm = () => userEvent.click(screen.getByRole("button", { name: "Cancel the job" }));

describe("cancelling a job", () => {
  test("says what is lost before it is", async () => {
    await show(<JobActions job={job} />);
    await ask();
    expect(screen.getByRole("dialog", { name: "Cancel “Kettle”?" })).toHaveTextContent(
      "Training stops at step 42 of 100 and no model comes of it. A checkpoint is saved, so that a retry can go on from there.",
    );
    await userEvent.click(screen.getByRole("button", { name: "Let it run" }));
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });

  test("stops it", async () => {
    let stopped = 0;
    server.use(
      http.post("/api/jobs/job-1/cancel", () => {
        stopped += 1;
        return HttpResponse.json({ ...job, state: "cancelled" });
      }),
    );
    await show(<JobActions job={job} />);
    await ask();
    await confirm();
    await expect.poll(() => screen.queryByRole("dialog")).toBeNull();
    expect(stopped).toBe(1);
  });

  test("that fails keeps the question open, with the reason", async () => {
    server.use(http.post("/api/jobs/job-1/cancel", () => HttpResponse.json(refusal("It has ended meanwhile."), { status: 409 })));
    await show(<JobActions job={job} />);
    await ask();
    await confirm();
    expect(await screen.findByText("It has ended meanwhile.")).toBeInTheDocument();
    expect(screen.getByRole("dialog")).toBeInTheDocument();
  });
});

test("a live job cannot be deleted, an ended one not cancelled", async () => {
  const { unmount } = await show(<JobActions job={job} />);
  expect(screen.queryByRole("button", { name: "Delete" })).not.toBeInTheDocument();
  unmount();
  await show(<JobActions job={{ ...job, state: "succeeded", tuned_model: "ft:1" }} />);
  expect(screen.getByRole("button", { name: "Delete" })).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Cancel" })).not.toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Try the model" })).toHaveAttribute("href", "/models/ft%3A1");
});

describe("what is offered", () => {
  const offered = async (shown: typeof job) => {
    const { unmount } = await show(<JobActions job={shown} />);
    const names = screen.getAllByRole("button").map(({ textContent }) => textContent);
    unmount();
    return names;
  };

  test("follows from the state", async () => {
    expect(await offered(job)).toEqual(["Pause", "Cancel"]);
    expect(await offered({ ...job, state: "queued" })).toEqual(["Pause", "Cancel"]);
    expect(await offered({ ...job, state: "paused" })).toEqual(["Resume", "Cancel"]);
    expect(await offered({ ...job, state: "failed" })).toEqual(["Retry", "Delete"]);
    expect(await offered({ ...job, state: "cancelled" })).toEqual(["Retry", "Delete"]);
    expect(await offered({ ...job, stopping: "pause" })).toEqual(["Cancel"]);
  });

  test("a pause says what is kept, once it is on its way", async () => {
    server.use(http.post("/api/jobs/job-1/pause", () => HttpResponse.json({ ...job, stopping: "pause" })));
    await show(
      <>
        <JobActions job={job} />
        <Toasts />
      </>,
    );
    await userEvent.click(screen.getByRole("button", { name: "Pause" }));
    expect(await screen.findByText("Pausing. A checkpoint is saved, and it goes on from there when you resume it.")).toBeInTheDocument();
  });
});
