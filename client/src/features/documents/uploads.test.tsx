import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connection } from "@/lib/connection";
import { show } from "@/test/render";
import { document_, installation, refusal } from "@/test/samples";
import { UploadList } from "./upload-list";
import { addFiles, clearUploads, uploads } from "./uploads";

/** A request that goes on only as the test says. */
class SlowRequest {
  static all: SlowRequest[] = [];
  upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {};
  status = 0;
  responseText = "";
  aborted = false;
  onload = () => {};
  onerror = () => {};
  onabort = () => {};
  constructor() {
    SlowRequest.all.push(this);
  }
  open() {}
  setRequestHeader() {}
  getResponseHeader() {
    return null;
  }
  send() {}
  abort() {
    this.aborted = true;
    this.onabort();
  }
  answer(status: number, body: unknown) {
    this.status = status;
    this.responseText = JSON.stringify(body);
    this.onload();
  }
}

const file = (name: string, text = "some text") => new File([text], name);
const done = vi.fn();

async function sent(index = 0): Promise<SlowRequest> {
  return waitFor(() => SlowRequest.all[index] ?? Promise.reject(new Error("nothing is sent yet")));
}

async function drop(...files: File[]) {
  await show(<UploadList onDone={done} />);
  act(() => addFiles(files, installation, done));
}

beforeEach(() => {
  SlowRequest.all = [];
  done.mockClear();
  vi.stubGlobal("XMLHttpRequest", SlowRequest);
});

afterEach(() => {
  act(() => clearUploads());
  connection.set({ reachable: true, nextTryAt: null });
});

describe("an upload", () => {
  test("shows how far it is, then that it is read, then the document", async () => {
    await drop(file("kettle.jsonl"));
    const request = await sent();
    act(() => request.upload.onprogress?.({ loaded: 25, total: 100 }));
    expect(screen.getByText(/25\s%/)).toBeInTheDocument();
    expect(screen.getByRole("progressbar", { name: "Upload of kettle.jsonl" })).toHaveAttribute("value", "25");
    act(() => request.upload.onprogress?.({ loaded: 100, total: 100 }));
    expect(screen.getByText(/reads and checks/)).toBeInTheDocument();
    await act(async () => request.answer(201, document_));
    expect(await screen.findByRole("link", { name: "See what the model will see" })).toHaveAttribute("href", "/documents/doc-1");
    expect(done).toHaveBeenCalledWith(document_);
  });

  test("lists the lines that are wrong, and offers no retry of a file that is", async () => {
    await drop(file("broken.jsonl"));
    const details = [{ line: 3, message: "Expected a JSON object, found a list." }];
    const request = await sent();
    await act(async () => request.answer(422, refusal("Line 3: this is no example.", { param: "file", details })));
    expect(await screen.findByText("Line 3: this is no example.")).toBeInTheDocument();
    expect(screen.getByText("Line 3")).toBeInTheDocument();
    expect(screen.getByText("Expected a JSON object, found a list.")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Try again" })).not.toBeInTheDocument();
  });

  test("can be tried again after a broken line", async () => {
    await drop(file("kettle.jsonl"));
    const request = await sent();
    await act(async () => request.onerror());
    await userEvent.click(await screen.findByRole("button", { name: "Try again" }));
    const second = await sent(1);
    await act(async () => second.answer(201, document_));
    expect(await screen.findByText(/Read\./)).toBeInTheDocument();
  });

  test("can be stopped", async () => {
    await drop(file("kettle.jsonl"));
    const request = await sent();
    await userEvent.click(screen.getByRole("button", { name: "Stop" }));
    expect(request.aborted).toBe(true);
    expect(await screen.findByText(/Nothing of it was kept/)).toBeInTheDocument();
    expect(done).not.toHaveBeenCalled();
  });

  test("waits for the one before it", async () => {
    await drop(file("one.txt"), file("two.txt"));
    const first = await sent();
    expect(screen.getByText("Waits for the file before it.")).toBeInTheDocument();
    expect(SlowRequest.all).toHaveLength(1);
    await act(async () => first.answer(201, document_));
    await sent(1);
  });

  test.each([
    ["of another kind", file("photo.png"), /Accepted: \.txt, \.jsonl/],
    ["that is empty", file("empty.txt", ""), /is empty/],
    ["that is too large", file("large.txt", "x".repeat(10_001)), /the limit is 10\skB/],
  ])("%s is refused before a byte is sent", async (_, wrong, reason) => {
    await drop(wrong);
    expect(screen.getByText(reason)).toBeInTheDocument();
    expect(SlowRequest.all).toHaveLength(0);
    expect(uploads.get()[0]?.status.kind).toBe("failed");
  });
});
