// The frame of every screen outside the shell: whose it is, what it is for, and what follows.
import type { ReactNode } from "react";
import { Icon } from "@/ui/icon";
import { useTitle } from "@/ui/page";

export function AuthFrame({ title, lead, children }: { title: string; lead: ReactNode; children: ReactNode }) {
  useTitle(title);
  return (
    <main className="mx-auto grid min-h-dvh max-w-sm grid-cols-[minmax(0,1fr)] content-center gap-6 px-4 py-10">
      <header className="grid gap-2">
        <p className="flex items-center gap-2 text-base font-semibold">
          <Icon name="curve" className="size-5 text-accent" />
          LLM Tuner
        </p>
        <h1>{title}</h1>
        <div className="text-ink-soft">{lead}</div>
      </header>
      {children}
    </main>
  );
}

export const WHAT_THIS_IS = "Teach a small language model from your own documents, on your own machine.";
