// The scored items that were found in a guide, for correction: what was scored, its score, out of how many.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { fieldErrors, messageOf } from "@/lib/errors";
import { counted } from "@/lib/format";
import { scoreText } from "@/lib/scores";
import type { Guide, ScoredItem, ScoredItemPatch } from "@/lib/wire";
import { Button, IconButton } from "@/ui/button";
import { AreaField, FieldError, TextField } from "@/ui/field";
import { MoreButton } from "@/ui/more";
import { Failed, Loading } from "@/ui/notices";
import { Badge } from "@/ui/text";
import { toast } from "@/ui/toasts";
import { emptyItem, readItem, textsOf, type ItemErrors, type ItemTexts } from "./item-fields";
import { scoredItemsQuery, useAddItem, useChangeItem } from "./queries";

export function ScoredItems({ guide }: { guide: Guide }) {
  const items = useInfiniteQuery(scoredItemsQuery(guide.id));
  const [adding, setAdding] = useState(false);
  const add = useAddItem(guide.id);
  return (
    <section aria-label={`Scored items in ${guide.name}`} className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h4 className="font-medium">
          {counted(guide.num_scored_items, "scored item")}
          {guide.num_dropped > 0 && <span className="font-normal text-ink-soft">, {guide.num_dropped} left out</span>}
        </h4>
        <Button icon={adding ? "cross" : "plus"} onClick={() => setAdding(!adding)}>
          {adding ? "Close" : "Add an item"}
        </Button>
      </div>
      {adding && (
        <div className="card p-3">
          <ItemForm
            start={emptyItem}
            action="Add it"
            onSave={async (item) => {
              await add.mutateAsync(item);
              setAdding(false);
            }}
          />
        </div>
      )}
      {items.isPending ? (
        <Loading what="Loading the scored items" />
      ) : items.isError ? (
        <Failed what="The scored items" error={items.error} onRetry={() => void items.refetch()} />
      ) : (
        items.data.length > 0 && (
          <>
            <ol className="card divide-y divide-line overflow-hidden">
              {items.data.map((item, index) => (
                <ItemRow key={item.id} guideId={guide.id} item={item} number={index + 1} />
              ))}
            </ol>
            <MoreButton query={items} />
          </>
        )
      )}
    </section>
  );
}

function ItemRow({ guideId, item, number }: { guideId: string; item: ScoredItem; number: number }) {
  const [editing, setEditing] = useState(false);
  const change = useChangeItem(guideId, item.id);
  const give = (patch: ScoredItemPatch) => change.mutate(patch, { onError: (error) => toast(messageOf(error), "failed") });
  if (editing) {
    return (
      <li className="p-3">
        <ItemForm
          start={textsOf(item)}
          action="Save"
          onSave={async (texts) => {
            await change.mutateAsync(texts);
            setEditing(false);
          }}
          onCancel={() => setEditing(false)}
        />
      </li>
    );
  }
  return (
    <li className={`grid grid-cols-[minmax(0,1fr)_auto] gap-x-3 gap-y-1 py-2 pr-2 pl-4 md:grid-cols-[minmax(0,1fr)_7rem_auto] ${item.dropped ? "bg-sunken" : ""}`}>
      <div className={`min-w-0 ${item.dropped ? "text-ink-soft" : ""}`}>
        <p className={`line-clamp-3 break-words whitespace-pre-line ${item.dropped ? "line-through" : ""}`}>{item.text}</p>
        <p className="mt-0.5 flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-ink-soft">
          {item.origin === "added" ? "added by you" : item.place}
          {item.corrected && <Badge tone="accent">corrected</Badge>}
          {item.corrected && item.found_score !== null && item.found_score !== item.score && <span>the guide says {scoreText(item.found_score)}</span>}
        </p>
      </div>
      <p className={`text-right font-medium md:self-center ${item.dropped ? "text-ink-soft line-through" : ""}`}>
        {scoreText(item.score)}
        {item.out_of !== null && <span className="font-normal text-ink-soft"> of {scoreText(item.out_of)}</span>}
      </p>
      <div className="col-span-2 flex justify-end md:col-span-1 md:self-center">
        {item.dropped ? (
          <Button look="quiet" icon="repeat" busy={change.isPending} onClick={() => give({ dropped: false })}>
            Take back<span className="sr-only"> item {number}</span>
          </Button>
        ) : (
          <>
            <IconButton icon="pencil" label={`Correct item ${number}`} onClick={() => setEditing(true)} />
            <IconButton icon="trash" label={`Leave out item ${number}`} busy={change.isPending} onClick={() => give({ dropped: true })} />
          </>
        )}
      </div>
    </li>
  );
}

interface ItemFormProps {
  start: ItemTexts;
  action: string;
  onSave: (item: { text: string; score: number; out_of?: number | null }) => Promise<unknown>;
  onCancel?: () => void;
}

const FIELDS = ["text", "score", "out_of"] as const;

function ItemForm({ start, action, onSave, onCancel }: ItemFormProps) {
  const [texts, setTexts] = useState(start);
  const [left, setLeft] = useState<Partial<Record<keyof ItemTexts, true>>>({});
  const [refused, setRefused] = useState<{ errors: ItemErrors; general: string | null }>({ errors: {}, general: null });
  const [busy, setBusy] = useState(false);
  const { value, errors } = readItem(texts);
  // What is wrong is said as soon as a field is left, not while it is being written.
  const shown = (name: keyof ItemTexts) => (left[name] ? (errors[name] ?? refused.errors[name]) : undefined);

  const field = (name: keyof ItemTexts) => ({
    value: texts[name],
    error: shown(name),
    onBlur: () => setLeft((before) => ({ ...before, [name]: true })),
    onChange: (event: { target: { value: string } }) => {
      setTexts({ ...texts, [name]: event.target.value });
      setRefused({ errors: {}, general: null });
    },
  });

  async function save(event: FormEvent) {
    event.preventDefault();
    setLeft({ text: true, score: true, outOf: true });
    if (value === null) return;
    setBusy(true);
    try {
      await onSave({ text: value.text, score: value.score, out_of: value.out_of ?? null });
    } catch (error) {
      const { fields, general } = fieldErrors(error, FIELDS);
      setRefused({ errors: { ...(fields.text && { text: fields.text }), ...(fields.score && { score: fields.score }), ...(fields.out_of && { outOf: fields.out_of }) }, general });
    } finally {
      setBusy(false);
    }
  }

  return (
    <form noValidate onSubmit={(event) => void save(event)} className="grid grid-cols-[minmax(0,1fr)] gap-3 sm:grid-cols-[minmax(0,1fr)_6rem_6rem]">
      <AreaField label="What was scored" rows={4} {...field("text")} />
      <TextField label="Score" inputMode="decimal" autoComplete="off" {...field("score")} />
      <TextField label="Out of" inputMode="decimal" autoComplete="off" placeholder="not said" {...field("outOf")} />
      <div className="flex flex-wrap items-center gap-2 sm:col-span-3">
        <Button type="submit" look="primary" busy={busy}>
          {action}
        </Button>
        {onCancel && <Button onClick={onCancel}>Keep it as it was</Button>}
        {refused.general && <FieldError id="item-error">{refused.general}</FieldError>}
      </div>
    </form>
  );
}
