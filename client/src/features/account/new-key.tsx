// Makes an API key, and shows it once.
import { useState } from "react";
import { useForm } from "react-hook-form";
import { showRefusal } from "@/lib/forms";
import type { NewApiKey } from "@/lib/wire";
import { Button } from "@/ui/button";
import { SelectField, TextField } from "@/ui/field";
import { Note } from "@/ui/notices";
import { CopyButton } from "@/ui/text";
import { scopeWords } from "./key-list";
import { KeySnippet } from "./key-snippet";
import { useCreateApiKey } from "./queries";

interface Fields {
  name: string;
  scopes: "read" | "write";
  expires_in_days: string;
}

const EMPTY: Fields = { name: "", scopes: "read", expires_in_days: "90" };
const LIVES: readonly [days: string, words: string][] = [
  ["7", "7 days"],
  ["30", "30 days"],
  ["90", "90 days"],
  ["180", "180 days"],
  ["365", "a year"],
];

export function NewKey() {
  const [made, setMade] = useState<NewApiKey | null>(null);
  if (made) return <MadeKey made={made} onDone={() => setMade(null)} />;
  return <NewKeyForm onMade={setMade} />;
}

function NewKeyForm({ onMade }: { onMade: (made: NewApiKey) => void }) {
  const [general, setGeneral] = useState<string | null>(null);
  const create = useCreateApiKey();
  const { register, handleSubmit, setError, formState } = useForm<Fields>({ defaultValues: EMPTY });

  async function submit({ name, scopes, expires_in_days: days }: Fields) {
    setGeneral(null);
    try {
      onMade(await create.mutateAsync({ name: name.trim(), scopes: scopes === "write" ? ["read", "write"] : ["read"], expires_in_days: Number(days) }));
    } catch (error) {
      setGeneral(showRefusal(error, ["name", "scopes", "expires_in_days"], setError));
    }
  }

  return (
    <form noValidate onSubmit={(event) => void handleSubmit(submit)(event)} className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
      <h3>Make a key</h3>
      {general && (
        <Note tone="bad" role="alert">
          {general}
        </Note>
      )}
      <div className="grid gap-4 sm:grid-cols-3">
        <TextField
          label="Name"
          hint="What it is for, such as nightly upload."
          maxLength={200}
          autoComplete="off"
          error={formState.errors.name?.message}
          {...register("name", { validate: (value) => value.trim() !== "" || "Name the key, so that you know it again." })}
        />
        <SelectField label="It may" error={formState.errors.scopes?.message} {...register("scopes")}>
          <option value="read">read only</option>
          <option value="write">read and write</option>
        </SelectField>
        <SelectField label="It holds for" error={formState.errors.expires_in_days?.message} {...register("expires_in_days")}>
          {LIVES.map(([days, words]) => (
            <option key={days} value={days}>
              {words}
            </option>
          ))}
        </SelectField>
      </div>
      <Button type="submit" icon="key" busy={formState.isSubmitting} className="justify-self-start">
        Make the key
      </Button>
    </form>
  );
}

function MadeKey({ made, onDone }: { made: NewApiKey; onDone: () => void }) {
  return (
    <section aria-label="Your new key" className="card grid grid-cols-[minmax(0,1fr)] gap-4 p-4">
      <Note tone="good" role="status">
        <div className="grid grid-cols-[minmax(0,1fr)] gap-1 text-ink">
          <p>
            “{made.name}” ({scopeWords(made.scopes)}) is made. Copy it now: it is not shown again.
          </p>
          <p className="flex flex-wrap items-center gap-1">
            <code className="font-mono text-xs break-all">{made.key}</code>
            <CopyButton text={made.key} label="Copy the key" />
          </p>
        </div>
      </Note>
      <KeySnippet />
      <Button onClick={onDone} className="justify-self-start">
        I have copied it
      </Button>
    </section>
  );
}
