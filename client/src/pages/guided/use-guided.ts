// The address of the guided workflow, read and changed.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { changed, type Change, type GuidedSearch } from "./address";

export interface Guided {
  search: GuidedSearch;
  /** Another step is another place to come back from; a change within one is not. */
  go: (change: Change) => void;
}

export function useGuided(): Guided {
  const search: GuidedSearch = useSearch({ from: "/gate/llm-training" });
  const navigate = useNavigate();
  const go = useCallback(
    (change: Change) =>
      void navigate({
        to: "/llm-training",
        // As the address is then: of two quick changes the second must not forget the first.
        search: (before) => changed(before as GuidedSearch, change),
        replace: change.step === undefined,
        resetScroll: change.step !== undefined,
      }),
    [navigate],
  );
  return { search, go };
}
