// What a base model would see of the data: counts, what is doubtful about it, and the first examples token by token.
import type { ReactNode } from "react";
import { amount, count, counted, percent } from "@/lib/format";
import type { Look, LookSample, Pair } from "@/lib/wire";
import { Fold } from "@/ui/fold";
import { Note } from "@/ui/notices";
import { Facts } from "@/ui/text";
import { Histogram } from "./histogram";
import { TokenExamples } from "./tokens";

interface LookViewProps {
  look: Look;
  /** How to start all the same, shown beside what keeps a run from starting. */
  override?: ReactNode;
}

export function LookView({ look, override }: LookViewProps) {
  const { sample } = look;
  const about = sample ? "about " : "";
  const watched = sample?.num_examples ?? look.num_examples;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      {look.blockers.length > 0 && (
        <Note tone="bad" role="alert">
          <ul className="grid gap-1">
            {look.blockers.map(({ code, message }) => (
              <li key={code}>{message}</li>
            ))}
          </ul>
          {override}
        </Note>
      )}
      <div className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
        <Facts
          facts={[
            ["To train on", counted(look.num_examples - look.num_validation_examples, "example")],
            ["To validate on", counted(look.num_validation_examples, "example")],
            ["Tokens", about + amount(look.num_tokens)],
            ["Of them learned", `${about}${amount(look.num_trained_tokens)} (${percent(look.num_trained_tokens / Math.max(1, look.num_tokens))})`],
            ["Longest", counted(look.longest, "token")],
            [look.examples.some(({ rejected }) => rejected !== null) ? "Too long, left out" : "Cut at the block", `${count(look.num_longer_than_block)} (${percent(look.num_longer_than_block / Math.max(1, watched))})`],
            ["Steps", about + count(look.num_steps)],
          ]}
        />
        {sample && <SampleWords sample={sample} all={look.num_examples} />}
        <Histogram bins={look.histogram} />
      </div>
      <Findings look={look} />
      <TokenExamples examples={look.examples} />
    </div>
  );
}

/** Much data are not all tokenised; what is told of a part of them says so. */
function SampleWords({ sample, all }: { sample: LookSample; all: number }) {
  return (
    <p className="text-ink-soft">
      Lengths, near duplicates and what is masked were counted on a sample of {count(sample.num_examples)} of {count(all)} examples; tokens and steps are
      estimated from it. {sample.duplicates_estimated ? "Exact duplicates are estimated, too; the" : "The"} rest was counted on all of them.
    </p>
  );
}

/** What is worth a second look. Nothing of it keeps a run from starting. */
function Findings({ look }: { look: Look }) {
  const { emails, phones, cards } = look.personal_data;
  const personal = [
    emails > 0 && `${count(emails)} with e-mail addresses`,
    phones > 0 && `${count(phones)} with phone numbers`,
    cards > 0 && `${count(cards)} with card numbers`,
  ].filter((one) => one !== false);
  const found: [key: string, text: string, pairs?: readonly Pair[]][] = [];
  if (look.num_leaked > 0) {
    found.push(["leaked", `${counted(look.num_leaked, "validation example")} also ${look.num_leaked === 1 ? "stands" : "stand"} in the training data, so the validation loss will flatter.`, look.leaked]);
  }
  if (look.num_exact_duplicates > 0) found.push(["exact", `${counted(look.num_exact_duplicates, "example")} ${look.num_exact_duplicates === 1 ? "repeats" : "repeat"} an earlier one, word for word.`]);
  if (look.num_near_duplicates > 0) found.push(["near", `${counted(look.num_near_duplicates, "example")} ${look.sample ? "of the sample " : ""}nearly the same as another.`]);
  if (look.num_empty > 0) found.push(["empty", `${counted(look.num_empty, "example")} without text.`]);
  if (look.num_all_masked > 0) found.push(["masked", `${counted(look.num_all_masked, "example")} ${look.sample ? "of the sample " : ""}with nothing to learn: all of it is only read.`]);
  if (personal.length > 0) found.push(["personal", `Possible personal data: ${personal.join(", ")}. A model can repeat what it has learned.`]);
  if (found.length === 0) {
    const where = look.sample ? ", the near ones among the sample" : "";
    return <Note tone="good">No duplicates{where}, no leakage into validation, nothing empty, no personal data was noticed.</Note>;
  }
  return (
    <div className="grid gap-1">
      <Note tone="warn">
        <ul className="grid gap-1">
          {found.map(([key, text]) => (
            <li key={key}>{text}</li>
          ))}
        </ul>
      </Note>
      <Pairs title="Which ones are the same" pairs={look.duplicates} />
      <Pairs title="Which ones leak into validation" pairs={look.leaked} />
    </div>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: readonly Pair[] }) {
  if (pairs.length === 0) return null;
  return (
    <Fold summary={title}>
      <ul className="grid gap-0.5 pl-5">
        {pairs.map(({ first, second, similarity }) => (
          <li key={`${first} ${second}`}>
            Examples {count(first + 1)} and {count(second + 1)}
            {similarity < 1 && `, ${percent(similarity)} alike`}
          </li>
        ))}
      </ul>
    </Fold>
  );
}
