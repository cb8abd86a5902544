// The address of the guided workflow, read and changed.
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { changed, type Change, type GuidedSearch } from "./address";

export interface Guided {
  search: GuidedSearch;
  /** Another step is another place to come back from; a change within one is not. */
  go: (change: Change | ((search: GuidedSearch) => Change)) => void;
}

export function useGuided(): Guided {
  const search: GuidedSearch = useSearch({ from: "/gate/llm-training" });
  const navigate = useNavigate();
  const router = useRouter();
  const go = useCallback<Guided["go"]>(
    (asked) => {
      // As the address is now, and not as it was drawn: of two quick changes the second must not forget the first.
      const now = router.latestLocation.search as GuidedSearch;
      const change = typeof asked === "function" ? asked(now) : asked;
      void navigate({ to: "/llm-training", search: changed(now, change), replace: change.step === undefined, resetScroll: change.step !== undefined });
    },
    [navigate, router],
  );
  return { search, go };
}
