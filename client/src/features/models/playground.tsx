// "Try it": one prompt, answered by the base and by the tuned model side by side, with the same seed.
import { useState, type FormEvent } from "react";
import type { BaseModel, TunedModel } from "@/lib/wire";
import { Button } from "@/ui/button";
import { AreaField, TextField } from "@/ui/field";
import { AnswerPanel } from "./answer-panel";
import { readAsked, type Asked, type AskedFields } from "./asked";
import { CopyAs } from "./copy-as";
import { useAnswer } from "./use-answer";

interface PlaygroundProps {
  tuned: TunedModel;
  base: BaseModel | undefined;
  /** Prompts to begin with, from the data the model learned from. */
  examples: readonly string[];
}

export function Playground({ tuned, base, examples }: PlaygroundProps) {
  const [fields, setFields] = useState<AskedFields>({ prompt: "", maxTokens: "128", temperature: "0", topP: "1", seed: "0" });
  const [errors, setErrors] = useState<Partial<Record<keyof AskedFields, string>>>({});
  const tunedAnswer = useAnswer();
  const baseAnswer = useAnswer();
  const busy = tunedAnswer.busy || baseAnswer.busy;
  const baseCanAnswer = base !== undefined && !base.from_scratch;
  const change = (name: keyof AskedFields) => (event: { target: { value: string } }) => setFields({ ...fields, [name]: event.target.value });

  function ask(event: FormEvent) {
    event.preventDefault();
    const read = readAsked(fields);
    setErrors(read.errors);
    if (!read.asked || busy) return;
    tunedAnswer.ask({ ...read.asked, model: tuned.id, chat: tuned.chat });
    if (baseCanAnswer) baseAnswer.ask({ ...read.asked, model: tuned.base_model, chat: base.chat });
  }

  function stop() {
    tunedAnswer.stop();
    baseAnswer.stop();
  }

  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <form noValidate onSubmit={ask} className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
        <AreaField
          label={tuned.chat ? "Your message" : "A beginning to be continued"}
          rows={3}
          value={fields.prompt}
          onChange={change("prompt")}
          error={errors.prompt}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
          }}
        />
        {examples.length > 0 && <Examples examples={examples} onChoose={(prompt) => setFields({ ...fields, prompt })} />}
        <div className="grid grid-cols-2 gap-3 sm:grid-cols-[7rem_7rem_7rem_7rem_1fr]">
          <TextField label="Most tokens" inputMode="numeric" value={fields.maxTokens} onChange={change("maxTokens")} error={errors.maxTokens} />
          <TextField label="Temperature" inputMode="decimal" value={fields.temperature} onChange={change("temperature")} error={errors.temperature} />
          <TextField label="Top p" inputMode="decimal" value={fields.topP} onChange={change("topP")} error={errors.topP} />
          <TextField label="Seed" inputMode="numeric" value={fields.seed} onChange={change("seed")} error={errors.seed} />
          <div className="col-span-2 flex items-end gap-2 sm:col-span-1 sm:justify-self-end">
            {busy && <Button onClick={stop}>Stop</Button>}
            <Button type="submit" look="primary" icon="play" busy={busy}>
              {baseCanAnswer ? "Ask both" : "Ask"}
            </Button>
          </div>
        </div>
        <p className="text-xs text-ink-soft">Temperature 0 always takes the likeliest word. Higher is freer, and a lower top p leaves out the unlikely; the same seed gives the same answer.</p>
        <CopyAs asked={{ ...(readAsked({ ...fields, prompt: fields.prompt || "Hello!" }).asked ?? USUAL), model: tuned.id, chat: tuned.chat }} />
      </form>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4 md:grid-cols-2">
        <AnswerPanel
          title="Base model"
          subtitle={base?.name ?? tuned.base_model}
          state={baseAnswer.state}
          idle={baseCanAnswer ? "What the base says without your documents." : baseless(base)}
        />
        <AnswerPanel title="Tuned model" subtitle={tuned.name} state={tunedAnswer.state} idle="What the model says after learning from them." />
      </div>
    </div>
  );
}

const USUAL: Asked = { prompt: "Hello!", maxTokens: 128, temperature: 0, topP: 1, seed: 0 };

function baseless(base: BaseModel | undefined): string {
  return base ? "This base started from random weights, so it has nothing to say. All that the tuned model knows comes from your documents." : "The base model is not here any more.";
}

function Examples({ examples, onChoose }: { examples: readonly string[]; onChoose: (prompt: string) => void }) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <span className="text-xs text-ink-soft">From your data:</span>
      {examples.map((example) => (
        <Button key={example} onClick={() => onChoose(example)} className="max-w-full min-w-0 text-xs" title={example}>
          <span className="truncate">{example}</span>
        </Button>
      ))}
    </div>
  );
}
