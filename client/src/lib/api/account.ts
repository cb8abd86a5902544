// One's own account, and the ways back into it.
import { send } from "@/lib/http";
import { request, withQuery } from "@/lib/api/request";
import type {
  AccountDeletion,
  ApiKey,
  ApiKeyRequest,
  Deleted,
  DownloadLink,
  EmailChange,
  EmailChangeRequest,
  ForeignLink,
  LinkedSignIn,
  ListOf,
  NewApiKey,
  PasswordChange,
  SecurityEvent,
  SignIn,
  User,
} from "@/lib/wire";

export function renameMe(name: string): Promise<User> {
  return request("/api/account", { method: "PATCH", body: { name } });
}

export function sendVerification(): Promise<{ message: string }> {
  return request("/api/account/verification", { method: "POST" });
}

export function changePassword(change: PasswordChange): Promise<void> {
  return request("/api/account/password", { method: "POST", body: change });
}

export function changeEmail(change: EmailChangeRequest): Promise<EmailChange> {
  return request("/api/account/email", { method: "POST", body: change });
}

/** Accounts at a provider that sign in to this one. */
export function listLinkedSignIns(signal?: AbortSignal): Promise<ListOf<LinkedSignIn>> {
  return request("/api/account/identities", { signal });
}

/** With the code of the hand-over, see lib/google.ts. */
export function linkGoogle(link: ForeignLink): Promise<void> {
  return request("/api/auth/google/link", { method: "POST", body: link });
}

export function unlinkSignIn(id: string): Promise<Deleted> {
  return request(`/api/account/identities/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export function listSignIns(signal?: AbortSignal): Promise<ListOf<SignIn>> {
  return request("/api/account/sessions", { signal });
}

export function endSignIn(id: string): Promise<Deleted> {
  return request(`/api/account/sessions/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export function endOtherSignIns(): Promise<{ num_ended: number }> {
  return request("/api/account/sessions/end-others", { method: "POST" });
}

export function listMySecurityEvents(after: string | null, signal?: AbortSignal): Promise<ListOf<SecurityEvent>> {
  return request(withQuery("/api/account/security-log", { limit: 20, after }), { signal });
}

/** An address that a plain browser download may use for a short while. */
export function getExportLink(): Promise<DownloadLink> {
  return request("/api/account/export-link", { method: "POST" });
}

export function deleteAccount(confirmation: AccountDeletion): Promise<Deleted> {
  return request("/api/account/delete", { method: "POST", body: confirmation });
}

export function listApiKeys(signal?: AbortSignal): Promise<ListOf<ApiKey>> {
  return request("/api/keys", { signal });
}

export function createApiKey(asked: ApiKeyRequest): Promise<NewApiKey> {
  return request("/api/keys", { method: "POST", body: asked });
}

export function revokeApiKey(id: string): Promise<Deleted> {
  return request(`/api/keys/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** An existing account takes the set-up link. */
export function becomeAdministrator(token: string): Promise<User> {
  return request("/api/setup/administrator", { method: "POST", body: { token } });
}

/** Who is signed in, as the server knows them now. */
export function getMe(signal?: AbortSignal): Promise<User> {
  return request("/api/auth/me", { signal });
}

/** The answer is the same whether or not there is such an account. */
export function askPasswordReset(email: string): Promise<{ message: string }> {
  return send("/api/auth/password-reset", { method: "POST", body: { email } });
}

export function finishPasswordReset(reset: { token: string; password: string }): Promise<void> {
  return send("/api/auth/password-reset/finish", { method: "POST", body: reset });
}

export function verifyEmail(token: string): Promise<void> {
  return send("/api/auth/verify-email", { method: "POST", body: { token } });
}
