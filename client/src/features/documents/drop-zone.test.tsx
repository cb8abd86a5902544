import { fireEvent, screen } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test, vi } from "vitest";
import { show } from "@/test/render";
import { installation, listOf } from "@/test/samples";
import { server } from "@/test/server";
import { FileDrop } from "@/ui/file-drop";
import { DropZone } from "./drop-zone";
import { clearUploads, uploads } from "./uploads";

const file = new File(["Heave away."], "shanty.txt");
let tell: () => void;

beforeEach(() => {
  clearUploads();
  const told = new Promise<void>((resolve) => (tell = resolve));
  server.use(
    http.get("/api/installation", async () => {
      await told;
      return HttpResponse.json(installation);
    }),
    http.get("/api/uploads", () => HttpResponse.json(listOf())),
    http.get("/api/usage", () => HttpResponse.json({ storage_bytes: 0, quota_bytes: 0 })),
    http.post("/api/uploads", () => new Promise<never>(() => undefined)),
  );
});

test("a file that is dropped before the rules are known is taken as soon as they are", async () => {
  await show(<DropZone onDone={vi.fn()} />);
  fireEvent.drop(await screen.findByText(/Drop files here/), { dataTransfer: { files: [file] } });
  expect(uploads.get()).toEqual([]);
  tell();
  await vi.waitFor(() => expect(uploads.get().map(({ file }) => file?.name)).toEqual(["shanty.txt"]));
});

test("so is one that is pasted", async () => {
  await show(<DropZone onDone={vi.fn()} />);
  await screen.findByText(/Drop files here/);
  fireEvent.paste(document.body, { clipboardData: { files: [file], getData: () => "" } });
  tell();
  await vi.waitFor(() => expect(uploads.get()).toHaveLength(1));
});

test("and where guides and test data come in", async () => {
  const onFiles = vi.fn();
  await show(<FileDrop label="A guide" only={[".txt"]} onFiles={onFiles} />);
  fireEvent.drop(await screen.findByText(/Drop files here/), { dataTransfer: { files: [file] } });
  expect(onFiles).not.toHaveBeenCalled();
  tell();
  await vi.waitFor(() => expect(onFiles).toHaveBeenCalledWith([file], expect.objectContaining({ accepted_suffixes: [".txt"] })));
});
