// The chosen theme: light, dark, or the system's. public/theme.js applies it before the first paint; this changes it later.
import { createStore } from "@/lib/store";

export type Theme = "light" | "dark" | "system";

const KEY = "llm-tuner-theme";
const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");

export const theme = createStore<Theme>(stored());

/** Counts up whenever colours may have changed, for what is drawn on a canvas. */
export const themeChanges = createStore(0);

export function setTheme(next: Theme): void {
  try {
    if (next === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Storage may be blocked; the choice then holds for this visit.
  }
  apply(next);
}

/** Follows the system and the other tabs, and colours the browser's own bar. Called once. */
export function followTheme(): void {
  systemIsDark.addEventListener("change", changed);
  window.addEventListener("storage", (event) => {
    if (event.key === KEY) apply(stored());
  });
  changed();
}

/** The colour that a token has now, as the browser computes it. */
export function tokenColour(name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function apply(next: Theme): void {
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  theme.set(next);
  changed();
}

function changed(): void {
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", tokenColour("--page"));
  themeChanges.set(themeChanges.get() + 1);
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}
