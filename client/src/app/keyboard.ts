// The page's shortcuts. They rest while somebody types or a dialog is open.
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

export const SHORTCUTS: readonly (readonly [keys: string, does: string])[] = [
  ["g h", "Go home"],
  ["g j", "Go to jobs"],
  ["g d", "Go to documents"],
  ["g m", "Go to models"],
  ["g g", "Go to guide, train, test, report"],
  ["g r", "Go to reports"],
  ["g s", "Go to settings"],
  ["n", "New job"],
  ["/", "Search this screen"],
  ["?", "Show this help"],
  ["Esc", "Close what is open"],
];

const PLACES = { h: "/", j: "/jobs", d: "/documents", m: "/models", g: "/llm-training", r: "/reports", s: "/settings" } as const;
const SECOND_KEY_WITHIN_MS = 1_500;

export function useKeyboard(onHelp: () => void): void {
  const navigate = useNavigate();
  const help = useRef(onHelp);
  useEffect(() => {
    help.current = onHelp;
  });
  useEffect(() => {
    let goingSince = -Infinity;
    function press(event: KeyboardEvent) {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const going = event.timeStamp - goingSince < SECOND_KEY_WITHIN_MS;
      goingSince = -Infinity;
      if (going && event.key in PLACES) void navigate({ to: PLACES[event.key as keyof typeof PLACES] });
      else if (event.key === "g") goingSince = event.timeStamp;
      else if (event.key === "n") void navigate({ to: "/jobs/new" });
      else if (event.key === "?") help.current();
      else if (event.key === "/") focusSearch();
      else return;
      event.preventDefault();
    }
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [navigate]);
}

function focusSearch(): void {
  document.querySelector<HTMLInputElement>("main input[type=search]")?.focus();
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  const field = target.closest("textarea, select, input, [contenteditable]");
  const isSwitch = field instanceof HTMLInputElement && ["checkbox", "radio", "range", "button"].includes(field.type);
  return (field !== null && !isSwitch) || document.querySelector("dialog[open]") !== null;
}
