// What the model wrote while it learned, the same prompts at several steps, latest first.
import { count } from "@/lib/format";
import type { SampleGeneration } from "@/lib/wire";
import { Fold } from "@/ui/fold";
import { Section } from "@/ui/page";

const SHOWN = 3;

export function Generations({ generations }: { generations: readonly SampleGeneration[] }) {
  const prompts = [...new Set(generations.map(({ prompt }) => prompt))];
  if (prompts.length === 0) return null;
  return (
    <Section title="What it writes">
      <ul className="grid gap-2 lg:grid-cols-2">
        {prompts.map((prompt) => (
          <li key={prompt} className="card grid content-start gap-2 p-4">
            <Prompt prompt={prompt} answers={generations.filter((one) => one.prompt === prompt).reverse()} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Prompt({ prompt, answers }: { prompt: string; answers: readonly SampleGeneration[] }) {
  return (
    <>
      <p className="font-medium break-words whitespace-pre-wrap">{prompt.trim() || "(an empty prompt)"}</p>
      {answers.slice(0, SHOWN).map((answer) => (
        <Answer key={answer.step} answer={answer} />
      ))}
      {answers.length > SHOWN && (
        <Fold summary={`${answers.length - SHOWN} earlier`}>
          <div className="grid gap-2">
            {answers.slice(SHOWN).map((answer) => (
              <Answer key={answer.step} answer={answer} />
            ))}
          </div>
        </Fold>
      )}
    </>
  );
}

function Answer({ answer: { step, text } }: { answer: SampleGeneration }) {
  return (
    <div>
      <p className="text-xs text-ink-soft">{step === 0 ? "Before training" : `Step ${count(step)}`}</p>
      <p className="font-mono text-xs break-words whitespace-pre-wrap">{text.trim() || "(nothing)"}</p>
    </div>
  );
}
