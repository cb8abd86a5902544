// What the form as it stands would do, asked for while somebody edits it, a moment after the last change.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { getForecast } from "@/lib/api/jobs";
import type { JobRequest } from "@/lib/wire";

const SETTLED_AFTER_MS = 350;
const AGAIN_MS: Record<string, number> = { measuring: 2_000, waiting: 15_000 };

/** `request` null means that the form is not complete enough to ask. */
export function useForecast(request: JobRequest | null) {
  const asked = useSettled(request === null ? null : JSON.stringify(request));
  return useQuery({
    queryKey: ["forecast", asked],
    queryFn: ({ signal }) => getForecast(JSON.parse(asked ?? "{}") as JobRequest, signal),
    enabled: asked !== null,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 60_000,
    // While the machine is measured, or waits to be, the numbers come by themselves.
    refetchInterval: ({ state }) => AGAIN_MS[state.data?.calibration ?? "impossible"] ?? false,
  });
}

/** The value, once it has not changed for a moment; the first one at once. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_AFTER_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
