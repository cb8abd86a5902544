// How one is told that a job ended, and what was sent.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { DeliveryList } from "@/features/notifications/delivery-list";
import { deliveriesQuery, settingsQuery } from "@/features/notifications/queries";
import { SettingsForm } from "@/features/notifications/settings-form";
import { TestButton } from "@/features/notifications/test-button";
import { NewSecret } from "@/features/notifications/webhook-secret";
import { MoreButton } from "@/ui/more";
import { Failed, Loading } from "@/ui/notices";
import { Section } from "@/ui/page";

export function NotificationSettings() {
  const settings = useQuery(settingsQuery);
  return (
    <Section title="Notifications">
      {settings.isPending ? (
        <Loading what="Loading your choice" />
      ) : !settings.data ? (
        <Failed what="Your choice" error={settings.error} onRetry={() => void settings.refetch()} />
      ) : (
        <>
          <SettingsForm settings={settings.data} />
          <TestButton settings={settings.data} />
          {settings.data.has_webhook_secret && <NewSecret />}
          <Deliveries />
        </>
      )}
    </Section>
  );
}

function Deliveries() {
  const deliveries = useInfiniteQuery(deliveriesQuery);
  if (deliveries.isPending) return <Loading what="Loading what was sent" />;
  if (!deliveries.data) return <Failed what="What was sent" error={deliveries.error} onRetry={() => void deliveries.refetch()} />;
  if (deliveries.data.length === 0) return null;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <h3>Sent lately</h3>
      <DeliveryList deliveries={deliveries.data} />
      <MoreButton query={deliveries} />
    </div>
  );
}
