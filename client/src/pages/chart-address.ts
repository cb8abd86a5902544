// Keeps the view of a chart in the address. Written a moment after the last change, because browsers refuse an address that changes with
// every pixel of a slider.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { searchFrom, viewFrom, type ChartSearch, type ChartView } from "@/features/jobs/chart-view";

const WRITTEN_AFTER_MS = 300;

type Screen = "/gate/jobs/compare" | "/gate/jobs/$jobId";
type Search = ChartSearch & { what?: "train" | undefined };

export function useChartAddress(from: Screen) {
  const search: Search = useSearch({ from });
  const navigate = useNavigate();
  const [view, setView] = useState(() => viewFrom(search));

  function setSearch(change: Partial<Search>): void {
    void navigate({
      to: ".",
      search: ((before: Search) => withoutAbsent({ ...before, ...change })) as never,
      replace: true,
      resetScroll: false,
    });
  }

  const written = JSON.stringify(searchFrom(view));
  useEffect(() => {
    const timer = setTimeout(() => {
      const nothing: Partial<Record<keyof ChartSearch, undefined>> = { smooth: undefined, log: undefined, by: undefined, from: undefined, to: undefined };
      if (written !== JSON.stringify(searchFrom(viewFrom(search)))) setSearch({ ...nothing, ...(JSON.parse(written) as ChartSearch) } as Partial<Search>);
    }, WRITTEN_AFTER_MS);
    return () => clearTimeout(timer);
    // Only a change of the view is written; one of the address comes from here.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [written]);

  return { search, view, setView: setView as (view: ChartView) => void, setSearch };
}

function withoutAbsent<T extends object>(search: T): T {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as T;
}
