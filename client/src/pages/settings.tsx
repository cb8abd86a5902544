// What a person has chosen for themselves, and who may act as them. One section for each subject, with an address of its own.
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { EmailForm } from "@/features/account/email-form";
import { KeyList } from "@/features/account/key-list";
import { LinkedGoogle } from "@/features/account/linked-google";
import { NewKey } from "@/features/account/new-key";
import { PasswordForm } from "@/features/account/password-form";
import { ProfileForm } from "@/features/account/profile-form";
import { apiKeysQuery, linkedSignInsQuery, signInsQuery } from "@/features/account/queries";
import { SignInList } from "@/features/account/sign-in-list";
import { DeleteAccount, ExportData } from "@/features/account/your-data";
import { mySecurityLogQuery } from "@/features/security/queries";
import { SecurityLog } from "@/features/security/security-log";
import { installationQuery } from "@/lib/installation";
import { useUser } from "@/lib/session";
import type { User } from "@/lib/wire";
import { LinkButton } from "@/ui/button";
import { Failed, Loading, Missing } from "@/ui/notices";
import { Page, Section } from "@/ui/page";
import { SectionNav } from "@/ui/section-nav";
import { NotificationSettings } from "./settings-notifications";

const SECTIONS: readonly { section: string; label: string; Shown: ComponentType }[] = [
  { section: "profile", label: "Profile", Shown: Profile },
  { section: "sign-ins", label: "Sign-ins", Shown: SignIns },
  { section: "api-keys", label: "API keys", Shown: Keys },
  { section: "notifications", label: "Notifications", Shown: NotificationSettings },
  { section: "security-log", label: "Security log", Shown: Log },
  { section: "data", label: "Your data", Shown: Data },
];
const PLACES = SECTIONS.map(({ section, label }) => ({ to: "/settings/$section" as const, section, label }));

export function SettingsPage() {
  const { section = "profile" } = useParams({ strict: false });
  const found = SECTIONS.find((one) => one.section === section);
  if (!found) return <Missing what="This part of the settings" action={<LinkButton to="/settings">All settings</LinkButton>} />;
  const { label, Shown } = found;
  return (
    <Page title="Settings" windowTitle={`${label}, settings`}>
      <SectionNav label="Settings" places={PLACES} current={section} />
      <Shown />
    </Page>
  );
}

function Profile() {
  const user = useUser();
  const { data: installation } = useQuery(installationQuery);
  if (!user) return null;
  return (
    <>
      <Section title="Profile">
        <ProfileForm user={user} letters={installation?.email_configured ?? false} />
      </Section>
      <Section title="E-mail address">
        <EmailForm user={user} letters={installation?.email_configured ?? false} />
      </Section>
      <Section title="Password">
        <PasswordForm user={user} />
      </Section>
      <Google user={user} canConnect={installation?.google_sign_in ?? false} />
    </>
  );
}

/** Nothing where there is nothing to connect and nothing was. */
function Google({ user, canConnect }: { user: User; canConnect: boolean }) {
  const linked = useQuery(linkedSignInsQuery);
  if (!canConnect && !linked.data?.data.length) return null;
  return (
    <Section title="Google">
      {linked.isPending ? (
        <Loading what="Loading what is connected" />
      ) : !linked.data ? (
        <Failed what="What is connected" error={linked.error} onRetry={() => void linked.refetch()} />
      ) : (
        <LinkedGoogle user={user} linked={linked.data.data} canConnect={canConnect} />
      )}
    </Section>
  );
}

function SignIns() {
  const signIns = useQuery(signInsQuery);
  return (
    <Section title="Sign-ins">
      {signIns.isPending ? (
        <Loading what="Loading where you are signed in" />
      ) : !signIns.data ? (
        <Failed what="Your sign-ins" error={signIns.error} onRetry={() => void signIns.refetch()} />
      ) : (
        <SignInList signIns={signIns.data.data} />
      )}
    </Section>
  );
}

function Keys() {
  const keys = useQuery(apiKeysQuery);
  return (
    <Section title="API keys">
      <p className="max-w-prose text-ink-soft">
        For programs that act as you: they see and change your documents, jobs and models. They never reach your account, other keys or the administration.
      </p>
      <NewKey />
      {keys.isPending ? (
        <Loading what="Loading your keys" />
      ) : !keys.data ? (
        <Failed what="Your keys" error={keys.error} onRetry={() => void keys.refetch()} />
      ) : keys.data.data.length === 0 ? (
        <p className="text-ink-soft">You have no keys yet.</p>
      ) : (
        <KeyList keys={keys.data.data} />
      )}
    </Section>
  );
}

function Log() {
  return (
    <Section title="Security log">
      <p className="max-w-prose text-ink-soft">What was done with your account in the last 90 days. Something that was not you? Change your password, and revoke keys you do not know.</p>
      <SecurityLog log={mySecurityLogQuery} />
    </Section>
  );
}

function Data() {
  const user = useUser();
  if (!user) return null;
  return (
    <>
      <Section title="Take it with you">
        <ExportData />
      </Section>
      <Section title="Delete the account">
        <DeleteAccount user={user} />
      </Section>
    </>
  );
}
