// The words for what a security log tells.
import type { SecurityEvent } from "@/lib/wire";
import type { IconName } from "@/ui/icon";
import type { Tone } from "@/ui/text";

type Kind = SecurityEvent["kind"];

export const EVENTS: Record<Kind, string> = {
  registered: "Account made",
  signed_in: "Signed in",
  sign_in_failed: "Wrong password",
  signed_out: "Signed out",
  refresh_token_reused: "A copied sign-in was used, and ended",
  session_ended: "A sign-in was ended",
  other_sessions_ended: "All other sign-ins were ended",
  profile_changed: "Profile changed",
  password_changed: "Password changed",
  password_reset_asked: "A link for a new password was asked for",
  password_reset: "Password reset",
  email_verified: "E-mail address confirmed",
  email_change_asked: "Another e-mail address was asked for",
  email_changed: "E-mail address changed",
  google_linked: "Connected with Google",
  google_took_over: "Taken over with Google; the password was removed",
  google_unlinked: "Disconnected from Google",
  key_created: "API key made",
  key_used: "API key used",
  key_revoked: "API key revoked",
  data_exported: "Data exported",
  invitation_created: "Invitation made",
  invitation_withdrawn: "Invitation withdrawn",
  made_administrator: "Made an administrator",
  made_member: "Made a member",
  disabled: "Account disabled",
  enabled: "Account enabled",
  registration_mode_changed: "Who may register was changed",
  job_cancelled: "A job was cancelled by an administrator",
};

const BAD: readonly Kind[] = ["sign_in_failed", "refresh_token_reused", "disabled"];
const WEIGHTY: readonly Kind[] = ["password_changed", "password_reset", "email_change_asked", "email_changed", "google_linked", "google_took_over", "key_created", "made_administrator", "data_exported"];

/** How much an entry deserves a second look. */
export function markOf(kind: Kind): { tone: Tone; icon: IconName } {
  if (BAD.includes(kind)) return { tone: "bad", icon: "alert" };
  return WEIGHTY.includes(kind) ? { tone: "warn", icon: "key" } : { tone: "neutral", icon: "check" };
}
