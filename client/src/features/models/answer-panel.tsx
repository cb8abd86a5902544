import { useNow } from "@/lib/clock";
import { counted, duration } from "@/lib/format";
import { CopyButton } from "@/ui/text";
import type { AnswerState } from "./use-answer";

interface AnswerPanelProps {
  title: string;
  subtitle: string;
  state: AnswerState;
  /** What stands there before anything was asked. */
  idle: string;
}

/** One side of the comparison. */
export function AnswerPanel({ title, subtitle, state, idle }: AnswerPanelProps) {
  return (
    <section aria-label={title} aria-busy={state.kind === "waiting" || state.kind === "writing"} className="card grid grid-cols-[minmax(0,1fr)] content-start gap-3 p-4">
      <header className="flex flex-wrap items-baseline justify-between gap-2">
        <h3>{title}</h3>
        <p className="min-w-0 truncate text-xs text-ink-soft">{subtitle}</p>
      </header>
      <div aria-live="polite" aria-atomic="true" aria-busy={state.kind === "writing"}>
        <Body state={state} idle={idle} />
      </div>
    </section>
  );
}

function Body({ state, idle }: { state: AnswerState; idle: string }) {
  switch (state.kind) {
    case "idle":
      return <p className="text-ink-soft">{idle}</p>;
    case "waiting":
      return <Waiting since={state.since} />;
    case "writing":
      return <Text text={state.text} />;
    case "stopped":
      return (
        <div className="grid gap-2">
          {state.text !== "" && <Text text={state.text} />}
          <p className="text-ink-soft">Stopped. Ask again whenever you like.</p>
        </div>
      );
    case "failed":
      return (
        <div className="grid gap-2">
          {state.text !== "" && <Text text={state.text} />}
          <p className="text-bad">{state.message}</p>
        </div>
      );
    case "done": {
      const { text, end, seconds } = state;
      return (
        <div className="grid gap-2">
          <Text text={text.trim() === "" ? "(an empty answer)" : text} />
          <div className="flex flex-wrap items-center justify-between gap-2 text-xs text-ink-soft">
            <span>
              {counted(end.numTokens, "token")} in {duration(seconds)}
              {end.cut && ", cut at the limit"}
            </span>
            <CopyButton text={text} />
          </div>
        </div>
      );
    }
  }
}

function Text({ text }: { text: string }) {
  return <p className="break-words whitespace-pre-wrap">{text}</p>;
}

function Waiting({ since }: { since: number }) {
  const seconds = Math.max(0, Math.round((useNow() - since) / 1000));
  return (
    <p className="text-ink-soft">
      Writing… <span aria-hidden="true">{seconds > 1 && duration(seconds)}</span>
      <span className="block text-xs">The first answer also loads the model, which can take ten seconds.</span>
    </p>
  );
}
