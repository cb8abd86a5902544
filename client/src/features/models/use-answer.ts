// One model's answer: asked for, waited for, stopped, or failed.
import { useEffect, useRef, useState } from "react";
import { generateWithBase, generateWithTuned } from "@/lib/api/models";
import { messageOf } from "@/lib/errors";
import type { GenerateRequest, Generation } from "@/lib/wire";

export type AnswerState =
  | { kind: "idle" }
  | { kind: "waiting"; since: number }
  | { kind: "done"; generation: Generation }
  | { kind: "failed"; message: string }
  | { kind: "stopped" };

export function useAnswer(which: "base" | "tuned", id: string) {
  const [state, setState] = useState<AnswerState>({ kind: "idle" });
  const aborter = useRef<AbortController>(null);
  useEffect(() => () => aborter.current?.abort(), []);

  async function ask(asked: GenerateRequest) {
    aborter.current?.abort();
    const mine = new AbortController();
    aborter.current = mine;
    setState({ kind: "waiting", since: Date.now() });
    try {
      const generation = await (which === "base" ? generateWithBase : generateWithTuned)(id, asked, mine.signal);
      setState({ kind: "done", generation });
    } catch (error) {
      if (!mine.signal.aborted) setState({ kind: "failed", message: messageOf(error) });
    }
  }

  function stop() {
    aborter.current?.abort();
    setState((now) => (now.kind === "waiting" ? { kind: "stopped" } : now));
  }

  return { state, ask: (asked: GenerateRequest) => void ask(asked), stop };
}
