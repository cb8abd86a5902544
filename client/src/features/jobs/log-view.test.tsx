import { fireEvent, screen } from "@testing-library/react";
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

/** jsdom lays nothing out, so the box gets its heights by hand: 300 px tall, 1,000 px of lines, and stands at their end. */
function box() {
  const element = screen.getByRole("log");
  Object.defineProperty(element, "clientHeight", { value: 300, configurable: true });
  Object.defineProperty(element, "scrollHeight", { value: 1_000, configurable: true });
  scrollTo(element, 700);
  return element;
}

function scrollTo(element: HTMLElement, top: number) {
  element.scrollTop = top;
  fireEvent.scroll(element);
}

beforeEach(() => {
  lines.set([line(1, "first")]);
  // Which lines are in sight depends on a height; the scroll height of each test is its own.
  vi.spyOn(Element.prototype, "clientHeight", "get").mockReturnValue(300);
  vi.spyOn(Element.prototype, "clientWidth", "get").mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(20);
});

describe("the log", () => {
  test("keeps following when its lines turn out higher than thought", async () => {
    await show(<Live />);
    const element = box();
    Object.defineProperty(element, "scrollHeight", { value: 2_000, configurable: true });
    fireEvent.scroll(element);
    expect(screen.queryByRole("button", { name: "Jump to latest" })).not.toBeInTheDocument();
  });

  test("holds a million lines and shows the few in sight", async () => {
    lines.set(Array.from({ length: 1_000_000 }, (_, index) => line(index + 1, `line ${index + 1}`)));
    await show(<Live />);
    expect(screen.getByText("1,000,000\u00a0lines")).toBeInTheDocument();
    expect(box().querySelectorAll("p").length).toBeLessThan(100);
  });

  test("follows its end while lines come", async () => {
    await show(<Live />);
    const element = box();
    lines.set([line(1, "first"), line(2, "second")]);
    await screen.findByText("second");
    expect(element.scrollTop).toBe(1_000);
  });

  test("stays where somebody reads, and goes on at a press", async () => {
    await show(<Live />);
    const element = box();
    scrollTo(element, 200);
    lines.set([line(1, "first"), line(2, "second")]);
    await screen.findByText("second");
    expect(element.scrollTop).toBe(200);
    await userEvent.click(screen.getByRole("button", { name: "Jump to latest" }));
    expect(element.scrollTop).toBe(1_000);
    expect(screen.queryByRole("button", { name: "Jump to latest" })).not.toBeInTheDocument();
  });

  test("follows again when somebody scrolls back to the end", async () => {
    await show(<Live />);
    const element = box();
    scrollTo(element, 200);
    expect(await screen.findByRole("button", { name: "Jump to latest" })).toBeInTheDocument();
    scrollTo(element, 700);
    expect(screen.queryByRole("button", { name: "Jump to latest" })).not.toBeInTheDocument();
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
