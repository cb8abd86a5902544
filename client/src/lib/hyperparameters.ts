// What of a job's settings somebody chose.
import type { Hyperparameters } from "./wire";

/** Names and values of those that are not on auto. */
export function chosenSettings(settings: Hyperparameters | undefined): [name: string, value: string | number][] {
  return Object.entries(settings ?? {}).filter(([, value]) => value !== "auto");
}
