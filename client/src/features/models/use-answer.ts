// One model's answer: asked for, waited for, written, stopped, or failed.
import { useEffect, useRef, useState } from "react";
import { streamText, type TextAsked, type TextEnd } from "@/lib/api/texts";
import { messageOf } from "@/lib/errors";

export type AnswerState =
  | { kind: "idle" }
  | { kind: "waiting"; since: number }
  | { kind: "writing"; text: string }
  | { kind: "done"; text: string; end: TextEnd; seconds: number }
  | { kind: "failed"; message: string; text: string }
  | { kind: "stopped"; text: string };

export function useAnswer() {
  const [state, setState] = useState<AnswerState>({ kind: "idle" });
  const aborter = useRef<AbortController>(null);
  useEffect(() => () => aborter.current?.abort(), []);

  async function ask(asked: TextAsked) {
    aborter.current?.abort();
    const mine = new AbortController();
    aborter.current = mine;
    let text = "";
    let began = Date.now();
    setState({ kind: "waiting", since: began });
    try {
      const end = await streamText(
        asked,
        (piece) => {
          // Loading the model is no part of how fast it writes.
          if (text === "") began = Date.now();
          text += piece;
          setState({ kind: "writing", text });
        },
        mine.signal,
      );
      setState({ kind: "done", text, end, seconds: (Date.now() - began) / 1000 });
    } catch (error) {
      if (!mine.signal.aborted) setState({ kind: "failed", message: messageOf(error), text });
    }
  }

  function stop() {
    aborter.current?.abort();
    setState((now) => (now.kind === "waiting" ? { kind: "stopped", text: "" } : now.kind === "writing" ? { kind: "stopped", text: now.text } : now));
  }

  return { state, busy: state.kind === "waiting" || state.kind === "writing", ask: (asked: TextAsked) => void ask(asked), stop };
}
