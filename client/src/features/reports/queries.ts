// What the page asks about reports and their links, and what changes them.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { createReport, createShare, deleteReport, getReport, getReportLink, listReports, listShares, revokeShare } from "@/lib/api/reports";
import { paged } from "@/lib/paged";

const REPORTS = ["reports"] as const;

export const reportsQuery = paged([...REPORTS, "list"], listReports);

export const reportQuery = (id: string) => queryOptions({ queryKey: [...REPORTS, "one", id], queryFn: ({ signal }) => getReport(id, signal) });

/** The address at which the report is shown. It holds for a minute, which is enough to load it once. */
export const reportViewQuery = (id: string) =>
  queryOptions({
    queryKey: [...REPORTS, "view", id],
    queryFn: ({ signal }) => getReportLink(id, "html", true, signal),
    staleTime: Infinity,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });

export const sharesQuery = (id: string) => queryOptions({ queryKey: [...REPORTS, "shares", id], queryFn: ({ signal }) => listShares(id, signal) });

export function useCreateReport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: createReport,
    onSuccess: (report) => {
      client.setQueryData(reportQuery(report.id).queryKey, report);
      return client.invalidateQueries({ queryKey: [...REPORTS, "list"] });
    },
  });
}

export function useDeleteReport() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: deleteReport,
    onSuccess: (_, id) => {
      client.removeQueries({ queryKey: [...REPORTS, "one", id] });
      return client.invalidateQueries({ queryKey: [...REPORTS, "list"] });
    },
  });
}

function useTakeShares(id: string) {
  const client = useQueryClient();
  return () =>
    Promise.all([sharesQuery(id).queryKey, reportQuery(id).queryKey, [...REPORTS, "list"]].map((queryKey) => client.invalidateQueries({ queryKey })));
}

export function useCreateShare(id: string) {
  return useMutation({ mutationFn: (days: number) => createShare(id, days), onSuccess: useTakeShares(id) });
}

export function useRevokeShare(id: string) {
  return useMutation({ mutationFn: (shareId: string) => revokeShare(id, shareId), onSuccess: useTakeShares(id) });
}
