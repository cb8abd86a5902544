// What of a run is saved: the states that training goes on from, each of which can be tried while the run is still at work.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { generateWithCheckpoint } from "@/lib/api/jobs";
import { messageOf } from "@/lib/errors";
import { bytes, count, counted, duration, loss } from "@/lib/format";
import type { Checkpoint, Generation, Job } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { AreaField, SelectField, TextField } from "@/ui/field";
import { Section } from "@/ui/page";
import { TimeAgo } from "@/ui/text";
import { checkpointsQuery } from "./queries";

/** `chat`: whether the base answers messages; a run may have taught it otherwise, so it can be changed. */
export function Checkpoints({ job, chat }: { job: Job; chat: boolean }) {
  const { data } = useQuery(checkpointsQuery(job));
  const [tried, setTried] = useState<Checkpoint | null>(null);
  const found = (data?.data ?? []).toSorted((one, other) => other.step - one.step);
  if (found.length === 0) return null;
  return (
    <Section title="Checkpoints">
      <div className="card">
        <table className="w-full text-right">
          <thead className="border-b border-line text-xs text-ink-soft">
            <tr>
              <th className="px-4 py-2 text-left font-medium">Step</th>
              <th className="px-2 py-2 font-medium sm:px-4">Validation loss</th>
              <th className="hidden px-4 py-2 font-medium sm:table-cell">Size</th>
              <th className="hidden px-4 py-2 font-medium sm:table-cell">Saved</th>
              <th className="px-2 py-2">
                <span className="sr-only">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {found.map((one) => (
              <tr key={one.id}>
                <td className="px-4 py-1 text-left">
                  {count(one.step)}
                  {one.step === job.resumes_from_step && <span className="block text-xs text-ink-soft sm:ml-2 sm:inline">goes on from here</span>}
                </td>
                <td className="px-2 py-1 sm:px-4">{loss(one.validation_loss)}</td>
                <td className="hidden px-4 py-1 whitespace-nowrap sm:table-cell">{bytes(one.size_bytes)}</td>
                <td className="hidden px-4 py-1 whitespace-nowrap text-ink-soft sm:table-cell">
                  <TimeAgo at={one.created_at} />
                </td>
                <td className="px-2 py-1">
                  <Button look="quiet" icon="play" onClick={() => setTried(one)}>
                    Try it <span className="sr-only">with the checkpoint at step {count(one.step)}</span>
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {tried && <TryCheckpoint key={tried.id} checkpoint={tried} chat={chat} onClose={() => setTried(null)} />}
    </Section>
  );
}

const MOST_TOKENS = 1_024;

function TryCheckpoint({ checkpoint, chat, onClose }: { checkpoint: Checkpoint; chat: boolean; onClose: () => void }) {
  const [prompt, setPrompt] = useState("");
  const [as, setAs] = useState(chat ? "message" : "beginning");
  const [tokens, setTokens] = useState("64");
  const wanted = Number(tokens);
  const wrong = Number.isInteger(wanted) && wanted >= 1 && wanted <= MOST_TOKENS ? null : `Write a whole number from 1 to ${count(MOST_TOKENS)}.`;
  const ask = useMutation({
    mutationFn: () =>
      generateWithCheckpoint(checkpoint, {
        max_tokens: wanted,
        ...(as === "message" ? { messages: [{ role: "user", content: prompt }] } : { prompt }),
      }),
  });

  function asked(event: FormEvent) {
    event.preventDefault();
    if (prompt.trim() !== "" && wrong === null && !ask.isPending) ask.mutate();
  }

  return (
    <Dialog title={`Try the checkpoint at step ${count(checkpoint.step)}`} open onClose={onClose}>
      <form onSubmit={asked} className="grid gap-3">
        <AreaField
          label={as === "message" ? "Your message" : "A beginning to be continued"}
          rows={3}
          value={prompt}
          onChange={(event) => setPrompt(event.target.value)}
          onKeyDown={(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && asked(event)}
          autoFocus
        />
        <div className="grid gap-3 sm:grid-cols-2">
          <SelectField label="Ask it with" value={as} onChange={(event) => setAs(event.target.value)}>
            <option value="message">a message</option>
            <option value="beginning">a beginning</option>
          </SelectField>
          <TextField label="Most tokens" inputMode="numeric" value={tokens} error={wrong} onChange={(event) => setTokens(event.target.value)} />
        </div>
        <div aria-live="polite" aria-busy={ask.isPending}>
          {ask.error ? <p className="text-bad">{messageOf(ask.error)}</p> : ask.data && <Answer answer={ask.data} />}
        </div>
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button type="submit" look="primary" icon="play" busy={ask.isPending}>
            Ask
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Answer({ answer: { text, num_tokens: tokens, seconds } }: { answer: Generation }) {
  return (
    <div className="grid gap-1">
      <p className="max-h-60 overflow-auto rounded-md bg-sunken p-3 break-words whitespace-pre-wrap" tabIndex={0}>
        {text.trim() || "(nothing)"}
      </p>
      <p className="text-xs text-ink-soft">
        {counted(tokens, "token")} in {duration(seconds)}
      </p>
    </div>
  );
}
