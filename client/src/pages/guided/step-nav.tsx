// The four steps with how far each is. Every one can be looked at any time.
import { Link } from "@tanstack/react-router";
import { Icon, type IconName } from "@/ui/icon";
import { STEPS, type GuidedSearch, type Step } from "./address";
import type { StepState, StepStatus } from "./states";

export const STEP_NAMES: Record<Step, string> = { guide: "Guide", train: "Train", test: "Test", report: "Report" };

const MARKS: Record<StepState, { look: string; icon: IconName | null; word: string }> = {
  not_begun: { look: "border-line-strong text-ink-soft", icon: null, word: "not begun" },
  in_progress: { look: "border-accent text-accent-strong", icon: "clock", word: "in progress" },
  done: { look: "border-good bg-good-soft text-good", icon: "check", word: "done" },
  attention: { look: "border-bad bg-bad-soft text-bad", icon: "alert", word: "needs attention" },
};

interface StepNavProps {
  current: Step;
  states: Record<Step, StepStatus>;
  search: GuidedSearch;
}

export function StepNav({ current, states, search }: StepNavProps) {
  return (
    <nav aria-label="Steps">
      <ol className="card grid grid-cols-4 overflow-hidden">
        {STEPS.map((step, index) => {
          const { state, words } = states[step];
          const { look, icon, word } = MARKS[state];
          const here = step === current;
          return (
            <li key={step} className="min-w-0 border-l border-line first:border-l-0">
              <Link
                to="/llm-training"
                search={{ ...search, step }}
                aria-current={here ? "step" : undefined}
                className={`grid h-full justify-items-center gap-1 border-b-2 px-1 py-3 text-center hover:bg-hover md:grid-cols-[auto_minmax(0,1fr)] md:items-center md:justify-items-start md:gap-x-3 md:px-4 md:text-left ${
                  here ? "border-accent bg-accent-soft" : "border-transparent"
                }`}
              >
                <span aria-hidden="true" className={`grid size-7 place-items-center rounded-full border-2 text-xs font-semibold ${look}`}>
                  {icon ? <Icon name={icon} className="size-4" /> : index + 1}
                </span>
                <span className="min-w-0 max-w-full">
                  <span className="sr-only">Step {index + 1}: </span>
                  <span className="block font-medium">{STEP_NAMES[step]}</span>
                  {/* Colour and icon say it to those who see them; words say it to all. */}
                  <span className="sr-only">, {state === "not_begun" ? "" : `${word}, `}</span>
                  <span className="block truncate text-xs text-ink-soft">{words}</span>
                </span>
              </Link>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
