// What administrators see and may do.
import { request, withQuery } from "@/lib/api/request";
import type {
  Account,
  AccountPatch,
  Administration,
  Deleted,
  Invitation,
  InvitationRequest,
  ListOf,
  NewInvitation,
  QueueEntry,
  RegistrationMode,
  SecurityEvent,
} from "@/lib/wire";

export function getAdministration(signal?: AbortSignal): Promise<Administration> {
  return request("/api/admin/installation", { signal });
}

export function chooseRegistration(registration: RegistrationMode): Promise<Administration> {
  return request("/api/admin/installation", { method: "PATCH", body: { registration } });
}

export function listAccounts(after: string | null, signal?: AbortSignal): Promise<ListOf<Account>> {
  return request(withQuery("/api/admin/users", { limit: 50, after }), { signal });
}

export function changeAccount(id: string, change: AccountPatch): Promise<Account> {
  return request(`/api/admin/users/${encodeURIComponent(id)}`, { method: "PATCH", body: change });
}

export function getQueue(signal?: AbortSignal): Promise<ListOf<QueueEntry>> {
  return request("/api/admin/queue", { signal });
}

/** Of whoever it is. */
export function cancelInQueue(id: string): Promise<QueueEntry> {
  return request(`/api/admin/queue/${encodeURIComponent(id)}/cancel`, { method: "POST" });
}

export function listAllSecurityEvents(after: string | null, signal?: AbortSignal): Promise<ListOf<SecurityEvent>> {
  return request(withQuery("/api/admin/security-log", { limit: 50, after }), { signal });
}

export function listInvitations(after: string | null, signal?: AbortSignal): Promise<ListOf<Invitation>> {
  return request(withQuery("/api/admin/invitations", { limit: 20, after }), { signal });
}

/** The answer holds the code, once. */
export function createInvitation(asked: InvitationRequest): Promise<NewInvitation> {
  return request("/api/admin/invitations", { method: "POST", body: asked });
}

export function withdrawInvitation(id: string): Promise<Deleted> {
  return request(`/api/admin/invitations/${encodeURIComponent(id)}`, { method: "DELETE" });
}
