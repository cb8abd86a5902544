// The way to the provider and back: in a popup that hands its answer to this page, or with the whole page where popups are blocked.
// The other end of the message is public/google-hand-over.js. The answer is a code that only this browser can use, once.
import { randomKey } from "@/lib/random";

export interface GoogleAnswer {
  code?: string;
  /** Why there is no code: the server's error code, or "closed". */
  problem?: string;
}

/** A sign-in that goes on in a popup. */
export interface GoogleVisit {
  answer: Promise<GoogleAnswer>;
  giveUp(): void;
}

/** What the page has to know again when it comes back as a whole: the search of the address that it left from, and an invitation. */
interface Left {
  search: string;
  invitation: string | null;
}

const KIND = "llm-tuner-google";
const KEPT = "llm-tuner-google";
const CLOSED_EVERY_MS = 400;

const PROBLEMS: Record<string, string> = {
  closed: "The window was closed before the sign-in was finished.",
  "accounts.google_denied": "You turned back at the provider, so nobody was signed in.",
  "accounts.google_lost": "This sign-in took too long, or began in another window. Start again.",
  "accounts.google_refused": "The provider's answer did not hold, so nobody was signed in. Start again; if it stays, tell whoever runs this installation.",
  "accounts.google_unavailable": "The provider does not answer. Try again in a minute, or sign in with your password.",
};

/** What a problem means, in words for the person. */
export function problemInWords(problem: string): string {
  return PROBLEMS[problem] ?? "Signing in with Google did not work. Try again, or sign in with your password.";
}

/** Opens the provider to sign in. Null when the browser allows no popup: then this page itself is on its way there. Call it from a click. */
export function visitGoogle(left: Left): GoogleVisit | null {
  const handover = randomKey();
  // Kept for the way back with the whole page; a popup gets a copy, for the case that it loses its opener.
  sessionStorage.setItem(KEPT, JSON.stringify({ handover, ...left }));
  const popup = openPopup(handover);
  if (popup === null) {
    window.location.assign(`/api/auth/google/start?handover=${handover}`);
    return null;
  }
  return waitFor(popup, handover);
}

/** Opens the provider for somebody who is signed in here. Null when the browser allows no popup. Call it from a click. */
export function visitGoogleToConnect(): GoogleVisit | null {
  const handover = randomKey();
  // An answer that comes back with a whole page would be taken for a sign-in: so none is expected.
  sessionStorage.removeItem(KEPT);
  const popup = openPopup(handover);
  return popup === null ? null : waitFor(popup, handover);
}

function openPopup(handover: string): Window | null {
  return window.open(`/api/auth/google/start?handover=${handover}&popup=true`, "_blank", "popup,width=480,height=640");
}

function waitFor(popup: Window, handover: string): GoogleVisit {
  const ended = new AbortController();
  const answer = new Promise<GoogleAnswer>((resolve) => {
    const settle = (told: GoogleAnswer) => {
      resolve(told);
      ended.abort();
    };
    const hear = (event: MessageEvent<unknown>) => {
      if (event.source !== popup || event.origin !== window.location.origin) return;
      const told = read(event.data, handover);
      if (told) settle(told);
    };
    window.addEventListener("message", hear, { signal: ended.signal });
    let seenClosed = false;
    const watch = setInterval(() => {
      // A message from the popup's last moment may still be on its way: only the second look counts.
      if (seenClosed) settle({ problem: "closed" });
      seenClosed = popup.closed;
    }, CLOSED_EVERY_MS);
    ended.signal.addEventListener("abort", () => {
      clearInterval(watch);
      popup.close();
      resolve({ problem: "closed" });
    });
  });
  return { answer, giveUp: () => ended.abort() };
}

/** The answer in a message, if it is one and it is to us. */
function read(data: unknown, handover: string): GoogleAnswer | null {
  const told = data as { kind?: unknown; handover?: unknown; code?: unknown; problem?: unknown } | null;
  if (told?.kind !== KIND || told.handover !== handover) return null;
  if (typeof told.code === "string") return { code: told.code };
  return { problem: typeof told.problem === "string" ? told.problem : "" };
}

/** The answer that came back with the whole page, and what was left behind; null at every other visit. */
export function returnedAnswer(hash: string): ({ answer: GoogleAnswer } & Left) | null {
  const told = new URLSearchParams(hash.replace(/^#/, ""));
  if (!told.has("google")) return null;
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as ({ handover: string } & Left) | null;
  const code = told.get("code");
  const problem = told.get("problem");
  const ours = kept !== null && told.get("handover") === kept.handover;
  if (ours && code !== null) return { answer: { code }, search: kept.search, invitation: kept.invitation };
  return { answer: { problem: problem ?? "accounts.google_lost" }, search: kept?.search ?? "", invitation: null };
}
