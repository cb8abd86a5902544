// Accounts, and what lets somebody in, as the server would answer them.
import type { Account, Administration, ApiKey, Invitation, SignIn } from "@/lib/wire";

export const signIn: SignIn = {
  id: "ses-1",
  object: "sign_in",
  device: "Firefox on Linux",
  address: "192.0.2.1",
  created_at: "2026-11-20T10:00:00Z",
  last_used_at: "2026-11-22T10:00:00Z",
  expires_at: "2026-12-22T10:00:00Z",
  current: true,
};

export const apiKey: ApiKey = {
  id: "key-1",
  object: "api_key",
  name: "nightly upload",
  scopes: ["read"],
  hint: "9f3a",
  created_at: "2026-11-20T10:00:00Z",
  expires_at: "2999-01-01T00:00:00Z",
  last_used_at: null,
};

export const account: Account = {
  id: "usr-2",
  object: "account",
  email: "bob@example.org",
  name: "Bob",
  role: "member",
  email_verified: true,
  disabled: false,
  created_at: "2026-11-01T10:00:00Z",
  last_seen_at: "2026-11-22T10:00:00Z",
  storage_bytes: 52_000,
  num_live_jobs: 1,
};

export const administration: Administration = {
  object: "administration",
  version: "0.1.0",
  registration: "open",
  registration_default: "open",
  missing_google_settings: ["LLM_TUNER_GOOGLE_CLIENT_ID", "LLM_TUNER_GOOGLE_CLIENT_SECRET"],
  missing_email_settings: [],
  max_upload_bytes: 10_000_000,
  user_quota_bytes: 20_000_000,
  min_free_bytes: 1_000_000,
  free_bytes: 500_000_000,
};

export const invitation: Invitation = {
  id: "inv-1",
  object: "invitation",
  email: "cid@example.org",
  created_at: "2026-11-22T10:00:00Z",
  expires_at: "2999-01-01T00:00:00Z",
  used_at: null,
};
