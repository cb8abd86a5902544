import { act, cleanup, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { describe, expect, test } from "vitest";
import { evaluation, report } from "@/test/guided-samples";
import { beginEachTest, keep, openAt, search, sent } from "@/test/guided-page";
import { baseModel, document_ as learned, listOf, session as granted } from "@/test/samples";
import { server } from "@/test/server";

beginEachTest();

describe("the guide step", () => {
  test("shows what was read, takes corrections, and leads on when it is confirmed", async () => {
    await openAt("/llm-training/?guide=gde-1");
    const card = within(await screen.findByRole("article", { name: "Harbour letters" }));
    expect(await card.findByText("Dear harbour master, the lamp is out.")).toBeInTheDocument();
    await userEvent.click(card.getByRole("button", { name: "Correct item 1" }));
    await userEvent.clear(card.getByLabelText("Score"));
    await userEvent.type(card.getByLabelText("Score"), "12");
    await userEvent.tab();
    expect(await card.findByText(/above the highest score, 10/)).toBeInTheDocument();
    await userEvent.clear(card.getByLabelText("Score"));
    await userEvent.type(card.getByLabelText("Score"), "6");
    await userEvent.click(card.getByRole("button", { name: "Save" }));
    expect(await card.findByText("corrected")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "This is right, go on to training" }));
    await waitFor(() => expect(search().get("dataset")).toBe("dst-1"));
    expect(search().get("step")).toBe("train");
    expect(sent).toEqual([{ what: "dataset", guide_ids: ["gde-1"], document_ids: [] }]);
  });

  test("learns from other documents beside the guide", async () => {
    server.use(http.get("/api/documents", () => HttpResponse.json(listOf(learned))));
    await openAt("/llm-training/?guide=gde-1");
    await userEvent.click(await screen.findByText(/Learn from other documents too/));
    await userEvent.click(screen.getByRole("checkbox", { name: new RegExp(learned.name) }));
    expect(await screen.findByRole("article", { name: "Harbour letters" })).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "This is right, go on to training" }));
    await waitFor(() => expect(sent).toEqual([{ what: "dataset", guide_ids: ["gde-1"], document_ids: [learned.id] }]));
  });

  test("deletes a guide once it is confirmed, and says why it cannot", async () => {
    let refused = true;
    server.use(
      http.delete("/api/guides/gde-1", () => {
        if (refused) return HttpResponse.json({ error: { message: "The job “Letters” trains on it.", type: "conflict", param: null, code: "documents.in_use" } }, { status: 409 });
        return HttpResponse.json({ id: "gde-1", object: "deleted", deleted: true });
      }),
    );
    await openAt("/llm-training/?guide=gde-1");
    await userEvent.click(await screen.findByText(/Use a guide that is here already/));
    await userEvent.click(screen.getByRole("button", { name: "Delete the guide Harbour letters" }));
    const dialog = within(await screen.findByRole("dialog", { name: "Delete the guide “Harbour letters”?" }));
    await userEvent.click(dialog.getByRole("button", { name: "Delete the guide" }));
    expect(await dialog.findByText("The job “Letters” trains on it.")).toBeInTheDocument();
    expect(search().get("guide")).toBe("gde-1");
    refused = false;
    await userEvent.click(dialog.getByRole("button", { name: "Delete the guide" }));
    await waitFor(() => expect(search().get("guide")).toBeNull());
  });

  test("offers to go on where one was, to the same person only", async () => {
    await openAt("/llm-training/?step=train&guide=gde-1&dataset=dst-1");
    await screen.findByRole("button", { name: "Start training" });
    act(() => cleanup());
    await openAt("/llm-training/");
    expect(await screen.findByRole("link", { name: "Go on there" })).toHaveAttribute("href", expect.stringContaining("dataset=dst-1"));
    act(() => cleanup());
    server.use(http.post("/api/auth/refresh", () => HttpResponse.json({ ...granted, user: { ...granted.user, id: "usr-2" } })));
    await openAt("/llm-training/");
    await screen.findByText("A new guide");
    expect(screen.queryByRole("link", { name: "Go on there" })).not.toBeInTheDocument();
  });
});

test("the training step recommends a model that already speaks, and starts it on the dataset", async () => {
  await openAt("/llm-training/?step=train&guide=gde-1&dataset=dst-1");
  expect(await screen.findByText("recommended")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Start training" }));
  await waitFor(() => expect(search().get("job")).toBe("job-1"));
  expect(sent).toEqual([{ what: "job", base_model: baseModel.id, dataset_id: "dst-1", hyperparameters: {} }]);
  expect(await screen.findByRole("button", { name: "Go on to testing" })).toBeInTheDocument();
});

test("the report step makes a report with what was chosen, and shows it in a frame that may do nothing", async () => {
  server.use(
    http.get("/api/evaluations/evl-1", () => HttpResponse.json(evaluation)),
    http.post("/api/reports", async (info) => {
      await keep("report")(info);
      return HttpResponse.json(report, { status: 201 });
    }),
    http.get("/api/reports/rpt-1", () => HttpResponse.json(report)),
    http.get("/api/reports/rpt-1/shares", () => HttpResponse.json(listOf())),
    http.post("/api/reports/rpt-1/link", () => HttpResponse.json({ url: "/api/downloads/token", expires_in: 60 })),
  );
  await openAt("/llm-training/?step=report&job=job-1&evaluation=evl-1");
  await userEvent.click(await screen.findByRole("checkbox", { name: "The log of the trainer" }));
  await userEvent.click(screen.getByRole("button", { name: "Make the report" }));
  const frame = await screen.findByTitle("Report: Kettle");
  expect(frame).toHaveAttribute("src", "/api/downloads/token");
  expect(frame).toHaveAttribute("sandbox", "");
  expect(sent).toEqual([{ what: "report", job_ids: ["job-1"], format: "html", include_metrics: true, include_logs: true }]);
  expect(search().get("report")).toBe("rpt-1");
});
