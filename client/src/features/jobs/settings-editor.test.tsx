import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";
import { show } from "@/test/render";
import { job, refusal } from "@/test/samples";
import { server } from "@/test/server";
import type { Job } from "@/lib/wire";
import { SettingsTable } from "./settings-table";

const waiting: Job = {
  ...job,
  state: "queued",
  num_runs: 0,
  hyperparameters: { epochs: 3 } as Job["hyperparameters"],
  resolved: { epochs: { value: 3, reason: "Set by you." }, batch_size: { value: 8, reason: "Fits." } },
};
let sent: unknown[];

beforeEach(() => {
  sent = [];
  server.use(
    http.patch("/api/jobs/job-1", async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json(waiting);
    }),
  );
});

const change = () => userEvent.click(screen.getByRole("button", { name: "Change the settings" }));
const save = () => userEvent.click(screen.getByRole("button", { name: "Save" }));

test("a job that waits for its first run can be given other settings", async () => {
  await show(<SettingsTable job={waiting} />);
  await change();
  await userEvent.clear(screen.getByLabelText("Epochs"));
  await userEvent.type(screen.getByLabelText("Batch size"), "4");
  await save();
  await expect.poll(() => sent).toEqual([{ hyperparameters: { batch_size: 4 } }]);
  expect(await screen.findByRole("button", { name: "Change the settings" })).toBeInTheDocument();
});

test("a mistake is told beside its field and nothing is sent", async () => {
  await show(<SettingsTable job={waiting} />);
  await change();
  await userEvent.type(screen.getByLabelText("Batch size"), "0");
  await save();
  expect(screen.getByLabelText("Batch size")).toHaveAccessibleDescription(/from 1 to 256/);
  expect(screen.getByLabelText("Batch size")).toHaveFocus();
  expect(sent).toEqual([]);
});

test("a job that has started meanwhile says so", async () => {
  server.use(http.patch("/api/jobs/job-1", () => HttpResponse.json(refusal("The settings can be changed only while it waits."), { status: 409 })));
  await show(<SettingsTable job={waiting} />);
  await change();
  await save();
  expect(await screen.findByRole("alert")).toHaveTextContent("only while it waits");
});

test.each([
  ["runs", { state: "running" as const }],
  ["ran before", { num_runs: 1 }],
])("a job that %s keeps its settings", async (_, state) => {
  await show(<SettingsTable job={{ ...waiting, ...state }} />);
  expect(screen.queryByRole("button", { name: "Change the settings" })).not.toBeInTheDocument();
});
