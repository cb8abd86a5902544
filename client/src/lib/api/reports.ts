import { request, withQuery } from "@/lib/api/request";
import type { Deleted, DownloadLink, ListOf, NewShareLink, Report, ReportFormat, ReportRequest, ShareLink } from "@/lib/wire";

export function createReport(asked: ReportRequest): Promise<Report> {
  return request("/api/reports", { method: "POST", body: asked });
}

export function listReports(after: string | null, signal?: AbortSignal): Promise<ListOf<Report>> {
  return request(withQuery("/api/reports", { limit: 50, after }), { signal });
}

export function getReport(id: string, signal?: AbortSignal): Promise<Report> {
  return request(reportPath(id), { signal });
}

export function deleteReport(id: string): Promise<Deleted> {
  return request(reportPath(id), { method: "DELETE" });
}

/** An address that a plain browser may use for a short while: to download, or with `view` to show it. */
export function getReportLink(id: string, format: ReportFormat, view: boolean, signal?: AbortSignal): Promise<DownloadLink> {
  return request(`${reportPath(id)}/link`, { method: "POST", body: { format, view }, signal });
}

export function listShares(id: string, signal?: AbortSignal): Promise<ListOf<ShareLink>> {
  return request(`${reportPath(id)}/shares`, { signal });
}

export function createShare(id: string, expiresInDays: number): Promise<NewShareLink> {
  return request(`${reportPath(id)}/share`, { method: "POST", body: { expires_in_days: expiresInDays } });
}

export function revokeShare(id: string, shareId: string): Promise<Deleted> {
  return request(`${reportPath(id)}/shares/${encodeURIComponent(shareId)}`, { method: "DELETE" });
}

function reportPath(id: string): string {
  return `/api/reports/${encodeURIComponent(id)}`;
}
