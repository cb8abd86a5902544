import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { problemInWords, returnedAnswer, visitGoogle, visitGoogleToConnect } from "@/lib/google";

const HANDOVER = "0123456789abcdef";

beforeEach(() => sessionStorage.setItem("llm-tuner-google", JSON.stringify({ handover: HANDOVER, search: "?next=%2Fjobs", invitation: "inv-1.code" })));

test("an answer that came back with the whole page brings along what was left behind", () => {
  expect(returnedAnswer(`#google=&handover=${HANDOVER}&code=tic-1`)).toEqual({ answer: { code: "tic-1" }, search: "?next=%2Fjobs", invitation: "inv-1.code" });
});

test("another browser's answer takes nobody's invitation", () => {
  expect(returnedAnswer("#google=&handover=of-somebody-else&code=tic-1")).toMatchObject({ answer: { problem: "accounts.google_lost" }, invitation: null });
});

test("an ordinary visit, with an invitation or without, is no answer", () => {
  expect(returnedAnswer("#token=inv-1.code")).toBeNull();
  expect(returnedAnswer("")).toBeNull();
});

describe("a popup", () => {
  const popup = { closed: false, close: vi.fn() };
  const LEFT = { search: "?next=%2Fjobs", invitation: null };
  let opened: string[];
  let assigned: string[];

  beforeEach(() => {
    vi.useFakeTimers();
    opened = [];
    assigned = [];
    popup.closed = false;
    popup.close.mockReset();
    vi.spyOn(window, "open").mockImplementation((url) => {
      opened.push(String(url));
      return popup as unknown as Window;
    });
    vi.stubGlobal("location", { ...window.location, origin: window.location.origin, assign: (url: string) => assigned.push(url) });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  const mark = () => new URLSearchParams(opened[0]!.split("?")[1]).get("handover")!;

  /** Whether the answer has come, and which. */
  async function state(answer: Promise<unknown>): Promise<unknown> {
    return Promise.race([answer, Promise.resolve("waiting")]);
  }

  function say(data: unknown, { source = popup, origin = window.location.origin }: { source?: unknown; origin?: string } = {}) {
    const event = new MessageEvent("message", { data, origin });
    Object.defineProperty(event, "source", { value: source });
    window.dispatchEvent(event);
  }

  const right = () => ({ kind: "llm-tuner-google", handover: mark(), code: "tic-1" });

  test("gives its code to this page, and is closed", async () => {
    const { answer } = visitGoogle(LEFT)!;
    say(right());
    expect(await answer).toEqual({ code: "tic-1" });
    expect(popup.close).toHaveBeenCalled();
    expect(JSON.parse(sessionStorage.getItem("llm-tuner-google")!)).toEqual({ handover: mark(), ...LEFT });
  });

  test.each([
    ["another window", () => right(), { source: window }],
    ["no window at all", () => right(), { source: null }],
    ["another site", () => right(), { origin: "https://evil.example" }],
    ["a site whose name only begins like ours", () => right(), { origin: `${window.location.origin}.evil.example` }],
    ["nobody's site", () => right(), { origin: "null" }],
    ["another sign-in", () => ({ ...right(), handover: "of-another-sign-in-1" }), {}],
    ["a message of another kind", () => ({ ...right(), kind: "other" }), {}],
    ["no object", () => "llm-tuner-google", {}],
    ["nothing", () => null, {}],
  ])("is not answered for by %s", async (_, message, from) => {
    const { answer, giveUp } = visitGoogle(LEFT)!;
    say(message(), from);
    expect(await state(answer)).toBe("waiting");
    giveUp();
    expect(await answer).toEqual({ problem: "closed" });
  });

  test("is heard once", async () => {
    const { answer } = visitGoogle(LEFT)!;
    say({ ...right(), code: undefined, problem: "accounts.google_denied" });
    say(right());
    expect(await answer).toEqual({ problem: "accounts.google_denied" });
  });

  test("that is closed is told of, but not before a last message may have come", async () => {
    const { answer } = visitGoogle(LEFT)!;
    popup.closed = true;
    vi.advanceTimersByTime(400);
    expect(await state(answer)).toBe("waiting");
    vi.advanceTimersByTime(400);
    expect(await answer).toEqual({ problem: "closed" });
  });

  test("that the browser blocks sends the whole page to the provider, with what it has to know again", () => {
    vi.spyOn(window, "open").mockReturnValue(null);
    expect(visitGoogle(LEFT)).toBeNull();
    const { handover } = JSON.parse(sessionStorage.getItem("llm-tuner-google")!) as { handover: string };
    expect(assigned).toEqual([`/api/auth/google/start?handover=${handover}`]);
  });

  test("to connect an account takes nobody away when it is blocked, and leaves nothing that would sign in", () => {
    vi.spyOn(window, "open").mockReturnValue(null);
    expect(visitGoogleToConnect()).toBeNull();
    expect(assigned).toEqual([]);
    expect(sessionStorage.getItem("llm-tuner-google")).toBeNull();
  });

  test("to connect an account is listened to like any other", async () => {
    const { answer } = visitGoogleToConnect()!;
    say(right(), { origin: "https://evil.example" });
    say(right());
    expect(await answer).toEqual({ code: "tic-1" });
  });
});

test("every problem has words", () => {
  expect(problemInWords("accounts.google_denied")).toMatch(/turned back/);
  expect(problemInWords("something new")).toMatch(/did not work/);
});
