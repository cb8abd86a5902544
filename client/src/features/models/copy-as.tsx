import { useState } from "react";
import type { TextAsked } from "@/lib/api/texts";
import { TextLink } from "@/ui/button";
import { Fold } from "@/ui/fold";
import { CopyButton } from "@/ui/text";
import { callSnippet, LANGUAGES, type Language } from "./call-snippets";

/** What "Try it" asks, as code that asks the same from elsewhere. */
export function CopyAs({ asked }: { asked: TextAsked }) {
  const [language, setLanguage] = useState<Language>("Python");
  const code = callSnippet(language, asked, window.location.origin);
  return (
    <Fold summary="Ask from a program">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-2 pt-2">
        <div className="flex flex-wrap items-center justify-between gap-2">
          <div role="group" aria-label="Language" className="flex flex-wrap gap-1">
            {LANGUAGES.map((name) => (
              <button
                key={name}
                type="button"
                aria-pressed={name === language}
                onClick={() => setLanguage(name)}
                className="target rounded-md border border-line px-2.5 py-1 text-xs aria-pressed:border-accent aria-pressed:bg-accent-soft"
              >
                {name}
              </button>
            ))}
          </div>
          <CopyButton text={code} label="Copy the code" />
        </div>
        <pre tabIndex={0} className="overflow-x-auto rounded-md bg-sunken p-3 font-mono text-xs leading-relaxed">
          {code}
        </pre>
        <p className="text-xs text-ink-soft">
          This installation speaks OpenAI&rsquo;s API, so their own client works with another address. A key is made in the{" "}
          <TextLink to="/settings">settings</TextLink>.
        </p>
      </div>
    </Fold>
  );
}
