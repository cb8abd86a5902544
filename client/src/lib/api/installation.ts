import { send } from "@/lib/http";
import type { Installation } from "@/lib/wire";

/** What this installation offers, known before anybody has signed in. */
export function getInstallation(signal?: AbortSignal): Promise<Installation> {
  return send("/api/installation", { signal });
}
