// The one-time token of a link out of a letter, or from whoever runs the installation. It stands behind the #, which browsers keep to
// themselves, and leaves the address with the screen that uses it.
import { useLocation } from "@tanstack/react-router";

/** Null when the address has none, such as a link that was cut in two by a mail program. */
export function useLinkToken(): string | null {
  return useLocation({ select: ({ hash }) => new URLSearchParams(hash).get("token") }) || null;
}
