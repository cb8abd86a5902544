// Examples as the tokens that the model gets: what it learns to write is shaded, what marks turns and ends is a chip.
import { useState } from "react";
import { count, counted } from "@/lib/format";
import type { Token, TokenizedExample } from "@/lib/wire";
import { Button } from "@/ui/button";
import { SideBySide } from "@/ui/sides";

const FIRST = 3;

export function TokenExamples({ examples }: { examples: readonly TokenizedExample[] }) {
  const [borders, setBorders] = useState(false);
  const [all, setAll] = useState(false);
  const shown = all ? examples : examples.slice(0, FIRST);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1">
        <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-xs">
          <span className="rounded-sm bg-good-soft px-1">learns to write this</span>
          <span className="text-ink-soft">only reads this</span>
          <span>
            <Chip trains={false}>marks a turn or an end</Chip>
          </span>
        </p>
        <label className="target flex items-center gap-2 text-xs">
          <input type="checkbox" className="size-4" checked={borders} onChange={(event) => setBorders(event.target.checked)} />
          Show where tokens begin and end
        </label>
      </div>
      <ol className="grid grid-cols-[minmax(0,1fr)] gap-2">
        {shown.map((example) => (
          <li key={example.index} className="card grid grid-cols-[minmax(0,1fr)] gap-2 p-3">
            <Example example={example} borders={borders} />
          </li>
        ))}
      </ol>
      {examples.length > shown.length && (
        <Button className="justify-self-start" onClick={() => setAll(true)}>
          Show {counted(examples.length - shown.length, "more example")}
        </Button>
      )}
    </div>
  );
}

function Example({ example, borders }: { example: TokenizedExample; borders: boolean }) {
  const { index, tokens, num_tokens, rejected, num_rejected_tokens } = example;
  if (rejected === null) {
    return (
      <>
        <p className="text-xs text-ink-soft">
          Example {count(index + 1)}, {lengthOf(tokens, num_tokens)}
        </p>
        <Tokens tokens={tokens} borders={borders} />
      </>
    );
  }
  const words = lengthOf(rejected, num_rejected_tokens ?? rejected.length);
  return (
    <>
      <p className="text-xs text-ink-soft">Pair {count(index + 1)}</p>
      <SideBySide
        first={[`Preferred, ${lengthOf(tokens, num_tokens)}`, <Tokens key="preferred" tokens={tokens} borders={borders} />]}
        second={[`Rejected, ${words}`, <Tokens key="rejected" tokens={rejected} borders={borders} />]}
      />
    </>
  );
}

function lengthOf(shown: readonly Token[], all: number): string {
  return counted(all, "token") + (all > shown.length ? `, the first ${count(shown.length)} shown` : "");
}

function Tokens({ tokens, borders }: { tokens: readonly Token[]; borders: boolean }) {
  return (
    <p className="font-mono text-xs leading-relaxed break-words whitespace-pre-wrap" data-borders={borders || undefined}>
      {tokens.map((token, place) => (
        <TokenText key={place} token={token} borders={borders} />
      ))}
    </p>
  );
}

function TokenText({ token: { id, text, trains, special }, borders }: { token: Token; borders: boolean }) {
  const title = `Token ${id}${trains ? ", learned" : ", only read"}`;
  if (special) {
    return (
      <Chip trains={trains} title={title}>
        {text}
      </Chip>
    );
  }
  const border = borders ? "outline outline-1 -outline-offset-1 outline-line-strong" : "hover:outline hover:outline-1 hover:outline-accent";
  return trains ? (
    <mark title={title} className={`bg-good-soft text-ink ${border}`}>
      {borders ? visible(text) : text}
    </mark>
  ) : (
    <span title={title} className={`text-ink-soft ${border}`}>
      {borders ? visible(text) : text}
    </span>
  );
}

/** Line ends are tokens as well; between borders they can be seen. */
function visible(text: string): string {
  return text.replaceAll("\n", "⏎\n");
}

function Chip({ trains, title, children }: { trains: boolean; title?: string; children: string }) {
  const look = trains ? "bg-good-soft text-ink border-good" : "bg-sunken text-ink-soft border-line-strong";
  return (
    <span title={title} className={`mx-px inline-block rounded-full border px-1.5 font-mono text-[0.7rem] leading-snug whitespace-nowrap ${look}`}>
      {children}
    </span>
  );
}
