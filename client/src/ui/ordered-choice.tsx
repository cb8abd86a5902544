// Things to choose from, and the chosen ones in an order that the keyboard can change.
import { useEffect, useRef, useState, type ReactNode, type Ref } from "react";
import { IconButton } from "@/ui/button";

export interface Choosable {
  id: string;
  name: string;
  detail: ReactNode;
  /** Why it cannot be chosen now. */
  unfit?: string | undefined;
}

interface OrderedChoiceProps {
  items: readonly Choosable[];
  /** Ids, first to last. */
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
  /** The first box, for a form to focus. */
  firstRef?: Ref<HTMLInputElement>;
}

export function OrderedChoice({ items, chosen, onChange, firstRef }: OrderedChoiceProps) {
  const toggle = (id: string, on: boolean) => onChange(on ? [...chosen, id] : chosen.filter((one) => one !== id));
  const firstFit = items.find(({ unfit }) => unfit === undefined)?.id;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <ul className="card max-h-80 divide-y divide-line overflow-y-auto">
        {items.map(({ id, name, detail, unfit }) => (
          <li key={id}>
            <label className={`flex min-h-11 items-center gap-3 px-4 py-2 ${unfit === undefined ? "hover:bg-hover" : "!cursor-default"}`}>
              <input
                ref={id === firstFit ? firstRef : undefined}
                type="checkbox"
                className="size-4 shrink-0"
                checked={chosen.includes(id)}
                disabled={unfit !== undefined}
                onChange={(event) => toggle(id, event.target.checked)}
              />
              <span className="min-w-0 flex-1">
                <span className="block font-medium break-words">{name}</span>
                <span className="text-xs text-ink-soft">{detail}</span>
                {unfit !== undefined && <span className="block text-xs text-warn">{unfit}</span>}
              </span>
            </label>
          </li>
        ))}
      </ul>
      {chosen.length > 1 && <Order items={items} chosen={chosen} onChange={onChange} />}
    </div>
  );
}

type OrderProps = Pick<OrderedChoiceProps, "items" | "chosen" | "onChange">;
type Way = "up" | "down";

function Order({ items, chosen, onChange }: OrderProps) {
  const list = useRef<HTMLOListElement>(null);
  const moved = useRef<{ id: string; way: Way } | null>(null);
  const [said, setSaid] = useState("");
  const nameOf = (id: string) => items.find((one) => one.id === id)?.name ?? id;

  // An element that changes its place loses the focus; who pressed its button goes on pressing it.
  useEffect(() => {
    if (moved.current === null) return;
    const { id, way } = moved.current;
    moved.current = null;
    list.current?.querySelector<HTMLElement>(`[data-move="${CSS.escape(`${way} ${id}`)}"]`)?.focus();
  });

  function move(index: number, way: Way) {
    const to = way === "up" ? index - 1 : index + 1;
    const [id, other] = [chosen[index], chosen[to]];
    if (id === undefined || other === undefined) return;
    moved.current = { id, way };
    onChange(chosen.map((one, place) => (place === index ? other : place === to ? id : one)));
    setSaid(`${nameOf(id)} is now ${to + 1} of ${chosen.length}.`);
  }

  return (
    <div className="grid gap-1">
      <p className="text-ink-soft">Read in this order:</p>
      <ol ref={list} aria-label="Order" className="card divide-y divide-line">
        {chosen.map((id, index) => (
          <li key={id} className="flex items-center gap-2 py-1 pr-1 pl-4">
            <span className="w-6 text-ink-soft">{index + 1}</span>
            <span className="min-w-0 flex-1 break-words">{nameOf(id)}</span>
            {(["up", "down"] as const).map((way) => (
              <IconButton
                key={way}
                icon={way}
                label={`Move ${nameOf(id)} ${way}`}
                data-move={`${way} ${id}`}
                aria-disabled={index === (way === "up" ? 0 : chosen.length - 1) || undefined}
                className="aria-disabled:opacity-40"
                onClick={() => move(index, way)}
              />
            ))}
          </li>
        ))}
      </ol>
      <p className="sr-only" aria-live="polite">
        {said}
      </p>
    </div>
  );
}
