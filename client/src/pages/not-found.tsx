// An address that leads nowhere.
import { LinkButton } from "@/ui/button";
import { useTitle } from "@/ui/page";

export function NotFoundPage() {
  useTitle("Not found");
  return (
    <main className="mx-auto grid max-w-xl justify-items-start gap-3 px-6 py-16">
      <h1>There is nothing at this address</h1>
      <p className="text-ink-soft">Perhaps it was typed with a mistake, or what was here has been deleted.</p>
      <LinkButton to="/" look="primary">
        Go to the start page
      </LinkButton>
    </main>
  );
}
