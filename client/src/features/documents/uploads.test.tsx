import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connection } from "@/lib/connection";
import type { ReadingOptions, Upload } from "@/lib/wire";
import { show } from "@/test/render";
import { document_, installation, listOf, refusal, upload } from "@/test/samples";
import { server } from "@/test/server";
import { LeftUploads } from "./left-uploads";
import { UploadList } from "./upload-list";
import { addFiles, clearUploads, uploads } from "./uploads";

/** A server that keeps parts, and writes down what it was sent. */
class PartServer {
  open: Upload[] = [];
  announced = 0;
  sent: { part: number; text: string }[] = [];
  completed: ReadingOptions[] = [];
  removed: string[] = [];
  /** What happens to a part before it is taken; null takes it. */
  beforePart: (part: number) => Promise<HttpResponse<null> | null> | HttpResponse<null> | null = () => null;
  answer: (reading: ReadingOptions) => Response = () => HttpResponse.json(document_, { status: 201 });
  atOnce = 0;
  mostAtOnce = 0;

  handlers = [
    http.get("/api/installation", () => HttpResponse.json(installation)),
    http.get("/api/uploads", () => HttpResponse.json(listOf(...this.open))),
    http.post("/api/uploads", async ({ request }) => {
      this.announced += 1;
      const made = { ...upload, ...((await request.json()) as object), id: `upl-${this.announced}` };
      this.open.push(made);
      return HttpResponse.json(made, { status: 201 });
    }),
    http.put("/api/uploads/:id/parts/:part", async ({ request, params }) => {
      const part = Number(params.part);
      this.atOnce += 1;
      this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
      try {
        const failure = await this.beforePart(part);
        if (failure) return failure;
      } finally {
        this.atOnce -= 1;
      }
      this.sent.push({ part, text: await request.text() });
      this.open = this.open.map((one) => (one.id === params.id ? { ...one, received: [...one.received, part] } : one));
      return HttpResponse.json(this.open.find(({ id }) => id === params.id));
    }),
    http.post("/api/uploads/:id/complete", async ({ request }) => {
      const reading = (await request.json()) as ReadingOptions;
      this.completed.push(reading);
      return this.answer(reading);
    }),
    http.delete("/api/uploads/:id", ({ params }) => {
      this.removed.push(String(params.id));
      this.open = this.open.filter(({ id }) => id !== params.id);
      return HttpResponse.json({ id: params.id, object: "deleted", deleted: true });
    }),
  ];

  get parts(): number[] {
    return this.sent.map(({ part }) => part).toSorted();
  }
}

const TEXT = "0123456789";
const file = (name = "kettle.txt", text = TEXT) => new File([text], name, { lastModified: 1_000 });
const done = vi.fn();
let parts: PartServer;

async function drop(...files: File[]) {
  await show(
    <>
      <UploadList onDone={done} />
      <LeftUploads onDone={done} />
    </>,
  );
  act(() => addFiles(files, installation, done));
}

/** Never answers, until the request is given up. */
const forever = () => new Promise<null>(() => undefined);
const press = async (name: string) => userEvent.click(await screen.findByRole("button", { name }));

beforeEach(() => {
  done.mockClear();
  parts = new PartServer();
  server.use(...parts.handlers);
});

afterEach(() => {
  act(() => clearUploads());
  connection.set({ reachable: true, nextTryAt: null });
});

describe("an upload", () => {
  test("goes out in parts, two at a time at most, and becomes a document", async () => {
    await drop(file());
    expect(await screen.findByRole("link", { name: "See what the model will see" })).toHaveAttribute("href", "/documents/doc-1");
    expect(parts.sent.toSorted((a, b) => a.part - b.part).map(({ text }) => text)).toEqual(["0123", "4567", "89"]);
    expect(parts.mostAtOnce).toBe(2);
    expect(parts.completed).toEqual([{}]);
    expect(done).toHaveBeenCalledWith(document_);
  });

  test("waits for the connection, and sends only what is missing when it is back", async () => {
    let away = true;
    parts.beforePart = (part) => (part === 3 && away ? HttpResponse.error() : null);
    await drop(file());
    expect(await screen.findByText(/waiting for the connection/)).toBeInTheDocument();
    expect(screen.getByRole("progressbar", { name: "Upload of kettle.txt" })).toHaveAttribute("value", "8");
    away = false;
    act(() => void window.dispatchEvent(new Event("online")));
    expect(await screen.findByText(/^Read\./)).toBeInTheDocument();
    expect(parts.parts).toEqual([1, 2, 3]);
    expect(parts.announced).toBe(1);
  });

  test("can be paused, and goes on with what is missing", async () => {
    parts.beforePart = (part) => (part === 2 ? forever() : null);
    await drop(file());
    await waitFor(() => expect(parts.parts).toEqual([1, 3]));
    await press("Pause");
    expect(await screen.findByText(/paused/)).toBeInTheDocument();
    expect(screen.getByRole("progressbar")).toHaveAttribute("value", "6");
    expect(parts.removed).toEqual([]);
    parts.beforePart = () => null;
    await press("Resume");
    expect(await screen.findByText(/^Read\./)).toBeInTheDocument();
    expect(parts.parts).toEqual([1, 2, 3]);
  });

  test("can be stopped, and then nothing stays on the server", async () => {
    parts.beforePart = forever;
    await drop(file());
    await waitFor(() => expect(parts.atOnce).toBe(2));
    await press("Stop");
    expect(await screen.findByText(/Nothing of it was kept/)).toBeInTheDocument();
    await waitFor(() => expect(parts.removed).toEqual(["upl-1"]));
    expect(done).not.toHaveBeenCalled();
  });

  test("is continued after a reload when the same file is chosen again", async () => {
    parts.open = [{ ...upload, id: "upl-7", received: [1, 3] }];
    await drop(file());
    expect(await screen.findByText(/^Read\./)).toBeInTheDocument();
    expect(parts.sent).toEqual([{ part: 2, text: "4567" }]);
    expect(parts.announced).toBe(0);
  });

  test("never puts two versions of a file together", async () => {
    localStorage.setItem("llm-tuner-uploads", JSON.stringify([["upl-7", 999]]));
    parts.open = [{ ...upload, id: "upl-7", received: [1, 3] }];
    await drop(file());
    expect(await screen.findByText(/^Read\./)).toBeInTheDocument();
    expect(parts.parts).toEqual([1, 2, 3]);
    expect(parts.announced).toBe(1);
  });

  test("waits for the one before it", async () => {
    parts.beforePart = forever;
    await drop(file("one.txt"), file("two.txt"));
    expect(await screen.findByText("Waits for the file before it.")).toBeInTheDocument();
    await waitFor(() => expect(parts.atOnce).toBe(2));
    expect(parts.announced).toBe(1);
  });

  test("that needs its columns named says so", async () => {
    parts.answer = () => HttpResponse.json({ ...document_, status: "needs_mapping" }, { status: 201 });
    await drop(file());
    expect(await screen.findByRole("link", { name: "Say which column plays which part" })).toBeInTheDocument();
  });

  test.each([
    ["of another kind", file("photo.png"), /Accepted: \.txt, \.jsonl/],
    ["that is empty", file("empty.txt", ""), /is empty/],
    ["that is too large", file("large.txt", "x".repeat(10_001)), /the limit is 10\skB/],
  ])("%s is refused before a byte is sent", async (_, wrong, reason) => {
    await drop(wrong);
    expect(screen.getByText(reason)).toBeInTheDocument();
    expect(uploads.get()[0]?.status.kind).toBe("failed");
    expect(parts.announced).toBe(0);
  });
});

describe("a file that was refused", () => {
  const details = [
    { line: 3, message: "Line 3: expected a JSON object, found a list. Fix or remove it." },
    { line: 9, message: "Line 9: no known keys." },
  ];

  beforeEach(() => {
    parts.answer = ({ leave_out_bad, charset }) =>
      leave_out_bad || charset
        ? HttpResponse.json(document_, { status: 201 })
        : HttpResponse.json(refusal("Line 3: expected a JSON object. (1 more problem below.)", { param: "file", details }), { status: 422 });
  });

  test("lists the lines that are wrong, and what to do", async () => {
    await drop(file());
    expect(await screen.findByText("Line 3")).toBeInTheDocument();
    expect(screen.getByText("expected a JSON object, found a list. Fix or remove it.")).toBeInTheDocument();
    expect(screen.getByText("Line 9")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Download all problems" })).toBeInTheDocument();
  });

  test("can go on without its bad rows, and no byte is sent again", async () => {
    await drop(file());
    await press("Leave the bad rows out and continue");
    expect(await screen.findByText(/^Read\./)).toBeInTheDocument();
    expect(parts.completed).toEqual([{}, { leave_out_bad: true }]);
    expect(parts.sent).toHaveLength(3);
  });

  test("can be read in another way, and no byte is sent again", async () => {
    await drop(file());
    await userEvent.click(await screen.findByText("Read it in another way"));
    await userEvent.selectOptions(screen.getByLabelText("Charset"), "cp1252");
    await press("Read it again");
    expect(await screen.findByText(/^Read\./)).toBeInTheDocument();
    expect(parts.completed[1]).toMatchObject({ charset: "cp1252" });
    expect(parts.sent).toHaveLength(3);
  });

  test("can be dropped, on the server too", async () => {
    await drop(file());
    await press("Drop it");
    await waitFor(() => expect(parts.removed).toEqual(["upl-1"]));
    expect(screen.queryByText("kettle.txt")).not.toBeInTheDocument();
  });
});

describe("uploads of an earlier visit", () => {
  test("say how much is here, and take only the same file", async () => {
    parts.open = [{ ...upload, received: [1] }];
    await drop();
    expect(await screen.findByText(/40\s% is here/)).toBeInTheDocument();
    const input = screen.getByLabelText("Continue kettle.txt");
    await userEvent.upload(input, file("kettle.txt", "another one"));
    expect(parts.sent).toEqual([]);
    await userEvent.upload(input, file());
    expect(await screen.findByText(/^Read\./)).toBeInTheDocument();
    expect(parts.parts).toEqual([2, 3]);
  });

  test("that are here as a whole can be read without the file", async () => {
    parts.open = [{ ...upload, received: [1, 2, 3] }];
    await drop();
    await press("Read it");
    expect(await screen.findByText(/^Read\./)).toBeInTheDocument();
    expect(parts.sent).toEqual([]);
    expect(parts.completed).toEqual([{}]);
  });

  test("can be discarded", async () => {
    parts.open = [{ ...upload, received: [1] }];
    await drop();
    await press("Discard");
    await waitFor(() => expect(screen.queryByText("kettle.txt")).not.toBeInTheDocument());
    expect(parts.removed).toEqual(["upl-1"]);
  });
});
