// The installation as its administrators see it: who is here, what runs, what is set up. Never what somebody's data says.
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { InstallationPanel } from "@/features/admin/installation";
import { Invitations } from "@/features/admin/invitations";
import { QueueOfAll } from "@/features/admin/queue";
import { Users } from "@/features/admin/users";
import { wholeSecurityLogQuery } from "@/features/security/queries";
import { SecurityLog } from "@/features/security/security-log";
import { installationQuery } from "@/lib/installation";
import { useUser } from "@/lib/session";
import type { User } from "@/lib/wire";
import { LinkButton } from "@/ui/button";
import { Empty, Missing } from "@/ui/notices";
import { Page, Section } from "@/ui/page";
import { SectionNav } from "@/ui/section-nav";

const SECTIONS: readonly { section: string; label: string; Shown: ComponentType<{ user: User }> }[] = [
  { section: "users", label: "Users", Shown: AllUsers },
  { section: "queue", label: "Queue", Shown: Queue },
  { section: "installation", label: "Installation", Shown: InstallationPanel },
  { section: "invitations", label: "Invitations", Shown: InvitationsSection },
  { section: "security-log", label: "Security log", Shown: WholeLog },
];
const PLACES = SECTIONS.map(({ section, label }) => ({ to: "/admin/$section" as const, section, label }));

export function AdminPage() {
  const { section = "users" } = useParams({ strict: false });
  const user = useUser();
  const found = SECTIONS.find((one) => one.section === section);
  if (user?.role !== "admin") return <NotForYou />;
  if (!found) return <Missing what="This part of the administration" action={<LinkButton to="/admin">Administration</LinkButton>} />;
  const { label, Shown } = found;
  return (
    <Page title="Administration" windowTitle={`${label}, administration`}>
      <SectionNav label="Administration" places={PLACES} current={section} />
      <Shown user={user} />
    </Page>
  );
}

function NotForYou() {
  return (
    <Page title="Administration">
      <Empty title="This is for administrators" action={<LinkButton to="/">Go to the start page</LinkButton>}>
        Your account is a member's. An administrator of this installation can change that.
      </Empty>
    </Page>
  );
}

function AllUsers({ user }: { user: User }) {
  return (
    <Section title="Users">
      <Users ownId={user.id} />
    </Section>
  );
}

function Queue() {
  return (
    <Section title="Queue">
      <QueueOfAll />
    </Section>
  );
}

function InvitationsSection() {
  const { data: installation } = useQuery(installationQuery);
  return (
    <Section title="Invitations">
      <Invitations letters={installation?.email_configured ?? false} />
    </Section>
  );
}

function WholeLog() {
  return (
    <Section title="Security log">
      <p className="max-w-prose text-ink-soft">What was done with all accounts in the last 90 days.</p>
      <SecurityLog log={wholeSecurityLogQuery} />
    </Section>
  );
}
