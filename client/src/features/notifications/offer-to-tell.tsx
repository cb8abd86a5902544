// Beside a live job, so not before the first start: offers to tell when it ends. The browser itself asks only after a yes.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useStore } from "@/lib/store";
import { Button } from "@/ui/button";
import { Note } from "@/ui/notices";
import { askPermission, permission } from "./browser";
import { settingsQuery } from "./queries";

const DECLINED = "llm-tuner-no-notifications";

export function OfferToTell() {
  const [declined, setDeclined] = useState(wasDeclined);
  const open = useStore(permission) === "default" && !declined;
  const { data: settings } = useQuery({ ...settingsQuery, enabled: open });
  if (!open || !settings?.browser) return null;
  return (
    <Note>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <p>Shall this browser tell you when the job ends, while the page is open?</p>
        <div className="flex flex-wrap gap-2">
          <Button icon="bell" onClick={() => void askPermission()}>
            Yes, tell me
          </Button>
          <Button
            look="quiet"
            onClick={() => {
              decline();
              setDeclined(true);
            }}
          >
            No
          </Button>
        </div>
      </div>
    </Note>
  );
}

function wasDeclined(): boolean {
  try {
    return localStorage.getItem(DECLINED) !== null;
  } catch {
    return false;
  }
}

function decline(): void {
  try {
    localStorage.setItem(DECLINED, "1");
  } catch {
    // Storage may be blocked; the answer then holds for this visit.
  }
}
