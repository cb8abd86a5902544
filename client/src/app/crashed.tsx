// A screen that broke: what happened, and two ways on. After an update of the server its old parts are gone; a reload fetches the new ones.
import { Button, LinkButton } from "@/ui/button";

export function PageCrashed() {
  return (
    <div role="alert" className="card mx-auto my-8 grid max-w-xl justify-items-start gap-3 p-6">
      <h1>This screen could not be shown</h1>
      <p className="text-ink-soft">
        The page may be older than the server. Reloading usually mends it; what you saved and started is safe on the server.
      </p>
      <div className="flex flex-wrap gap-2">
        <Button look="primary" icon="repeat" onClick={() => location.reload()}>
          Reload
        </Button>
        <LinkButton to="/" reloadDocument>
          Go to the start page
        </LinkButton>
      </div>
    </div>
  );
}
