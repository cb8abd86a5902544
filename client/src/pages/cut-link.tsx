import { Note } from "@/ui/notices";

/** Stands where a one-time link has brought no token. */
export function CutLink() {
  return (
    <Note tone="bad" role="alert">
      This link is not complete. Open it again from where you got it, or copy the whole of it into the address bar.
    </Note>
  );
}
