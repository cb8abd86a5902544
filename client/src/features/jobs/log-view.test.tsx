import { act, fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { LogLine } from "@/lib/wire";
import { show } from "@/test/render";
import { asText } from "./log-lines";
import { LogView } from "./log-view";
import { createStore, useStore } from "@/lib/store";

const line = (cursor: number, text: string, level: LogLine["level"] = "info"): LogLine => ({ cursor, at: "2026-11-22T10:00:00Z", level, text });
const lines = createStore<readonly LogLine[]>([]);

function Live() {
  return <LogView name="kettle" lines={useStore(lines)} live />;
}

/** jsdom lays nothing out: the box is 300 px tall, a line 20, and the end lies where the lines end. */
beforeEach(() => {
  vi.spyOn(Element.prototype, "clientHeight", "get").mockReturnValue(300);
  vi.spyOn(Element.prototype, "clientWidth", "get").mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(20);
  vi.spyOn(Element.prototype, "scrollHeight", "get").mockImplementation(function (this: Element) {
    return Number.parseFloat((this.firstElementChild as HTMLElement | null)?.style.height ?? "0");
  });
  Element.prototype.scrollTo = function (this: Element, options?: ScrollToOptions | number) {
    scrollTo(this as HTMLElement, typeof options === "object" ? (options.top ?? 0) : 0);
  };
});

const box = () => screen.getByRole("log");

function scrollTo(element: HTMLElement, top: number) {
  element.scrollTop = Math.max(0, Math.min(top, element.scrollHeight - 300));
  fireEvent.scroll(element);
}

const many = (count: number) => Array.from({ length: count }, (_, index) => line(index + 1, `line ${index + 1}`));

describe("the log", () => {
  test("opens at its end and follows it while lines come", async () => {
    lines.set(many(100));
    await show(<Live />);
    expect(await screen.findByText("line 100")).toBeInTheDocument();
    act(() => lines.set(many(150)));
    expect(await screen.findByText("line 150")).toBeInTheDocument();
    await expect.poll(() => screen.queryByRole("button", { name: "Jump to latest" })).toBeNull();
  });

  test("stays where somebody reads, and goes on at a press", async () => {
    lines.set(many(100));
    await show(<Live />);
    await screen.findByText("line 100");
    scrollTo(box(), 0);
    expect(await screen.findByText("line 1")).toBeInTheDocument();
    act(() => lines.set(many(150)));
    expect(screen.getByText("line 1")).toBeInTheDocument();
    expect(screen.queryByText("line 150")).not.toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Jump to latest" }));
    expect(await screen.findByText("line 150")).toBeInTheDocument();
    await expect.poll(() => screen.queryByRole("button", { name: "Jump to latest" })).toBeNull();
  });

  test("follows again when somebody scrolls back to the end", async () => {
    lines.set(many(100));
    await show(<Live />);
    await screen.findByText("line 100");
    scrollTo(box(), 0);
    expect(await screen.findByRole("button", { name: "Jump to latest" })).toBeInTheDocument();
    scrollTo(box(), 100_000);
    expect(screen.queryByRole("button", { name: "Jump to latest" })).not.toBeInTheDocument();
  });

  test("holds a million lines and shows the few in sight", async () => {
    lines.set(many(1_000_000));
    await show(<Live />);
    expect(screen.getByText("1,000,000 lines")).toBeInTheDocument();
    expect(await screen.findByText("line 1000000")).toBeInTheDocument();
    expect(box().querySelectorAll("p").length).toBeLessThan(100);
  });

  test("can be narrowed by level and by words", async () => {
    lines.set([line(1, "Step 1"), line(2, "memory is short", "warning"), line(3, "it broke", "error")]);
    await show(<Live />);
    await userEvent.selectOptions(screen.getByLabelText("Show"), "warnings and errors");
    expect(screen.queryByText("Step 1")).not.toBeInTheDocument();
    expect(screen.getByText("it broke")).toBeInTheDocument();
    await userEvent.type(screen.getByLabelText("Search the log"), "MEMORY");
    expect(screen.queryByText("it broke")).not.toBeInTheDocument();
    expect(screen.getByText("memory is short")).toBeInTheDocument();
  });

  test("shows markup of users as text", async () => {
    lines.set([line(1, "<img src=x onerror=alert(1)>")]);
    await show(<Live />);
    expect(screen.getByText("<img src=x onerror=alert(1)>")).toBeInTheDocument();
    expect(document.querySelector("img")).toBeNull();
  });

  test("is taken away with times and levels", () => expect(asText([line(1, "broke", "error")])).toBe("2026-11-22T10:00:00Z ERROR   broke\n"));
});
