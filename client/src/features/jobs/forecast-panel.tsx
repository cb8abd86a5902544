// The forecast beside the form: how long, how large, what it costs, each with its range; and what to do when it does not fit.
import { messageOf } from "@/lib/errors";
import { amount, bytes, count, duration, methodName, money, range } from "@/lib/format";
import type { Forecast, ForecastChange } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Fold } from "@/ui/fold";
import { Note } from "@/ui/notices";
import { Facts } from "@/ui/text";

interface ForecastPanelProps {
  forecast: Forecast | undefined;
  error: unknown;
  /** Something was asked for and has not come yet. */
  waiting: boolean;
  complete: boolean;
  /** Puts the largest setting that would fit into the form. */
  onChange?: (change: ForecastChange) => void;
}

export function ForecastPanel({ forecast, error, waiting, complete, onChange }: ForecastPanelProps) {
  return (
    <section aria-label="Forecast" className="card grid grid-cols-[minmax(0,1fr)] gap-3 p-4 lg:sticky lg:top-8">
      <h2>Forecast</h2>
      {!complete ? (
        <p className="text-ink-soft">Choose a document and a base model, and this says what the job would take.</p>
      ) : error ? (
        <p className="text-bad">{messageOf(error)}</p>
      ) : forecast ? (
        <Numbers forecast={forecast} waiting={waiting} onChange={onChange} />
      ) : (
        <p className="text-ink-soft">Working it out…</p>
      )}
    </section>
  );
}

function Numbers({ forecast, waiting, onChange }: { forecast: Forecast; waiting: boolean; onChange: ForecastPanelProps["onChange"] }) {
  const { obstacle, money: price } = forecast;
  return (
    <div className={`grid gap-3 ${waiting && forecast.calibration !== "measuring" ? "opacity-60" : ""}`} aria-busy={waiting}>
      {obstacle && (
        <Note tone="bad" role="alert">
          <p>{obstacle.message}</p>
          {obstacle.change && onChange && (
            <Button className="mt-2" onClick={() => obstacle.change && onChange(obstacle.change)}>
              Use {lower(obstacle.change.label)}
            </Button>
          )}
        </Note>
      )}
      <div>
        <p className="text-xs text-ink-soft">Time on this machine</p>
        <p className="text-lg font-semibold">{timeOf(forecast)}</p>
      </div>
      {price && (
        <div>
          <p className="text-xs text-ink-soft">Money</p>
          <p className="font-semibold">{range(price.low, price.high, (value) => money(value, price.currency))}</p>
          <p className="text-xs text-ink-soft">{price.basis}</p>
        </div>
      )}
      <Facts
        facts={[
          ["Steps", range(forecast.num_steps_low || forecast.num_steps, forecast.num_steps_high || forecast.num_steps, count)],
          ["Examples", count(forecast.num_examples)],
          ["Tokens read", tokensOf(forecast)],
          ["Method", methodName(forecast.method, forecast.objective)],
          ["Memory", range(forecast.memory_low_bytes || forecast.memory_bytes, forecast.memory_high_bytes || forecast.memory_bytes, bytes)],
          ["Disk", range(forecast.disk_low_bytes || forecast.disk_bytes, forecast.disk_high_bytes || forecast.disk_bytes, bytes)],
        ]}
      />
      <Stages forecast={forecast} />
      {forecast.basis && (
        <p className="text-xs text-ink-soft" role="status">
          {forecast.basis}
        </p>
      )}
    </div>
  );
}

const STAGES = [
  ["start", "Start"],
  ["prepare", "Read and prepare"],
  ["generate", "Sample texts"],
  ["train", "Train"],
  ["validate", "Validate"],
  ["checkpoints", "Checkpoints"],
  ["export", "Write and check the model"],
] as const;

function Stages({ forecast }: { forecast: Forecast }) {
  const shown = STAGES.filter(([name]) => (forecast.parts[name] ?? 0) >= 0.05);
  if (shown.length === 0) return null;
  return (
    <Fold summary="Where the time goes">
      <dl className="mt-1 grid grid-cols-[1fr_auto] gap-x-4 gap-y-1 text-xs">
        {shown.map(([name, label]) => (
          <div key={name} className="contents">
            <dt className="text-ink-soft">{label}</dt>
            <dd className="text-right tabular-nums">{duration(forecast.parts[name] ?? 0)}</dd>
          </div>
        ))}
      </dl>
    </Fold>
  );
}

function tokensOf({ counted, num_training_tokens: likely, num_training_tokens_low: low, num_training_tokens_high: high }: Forecast): string {
  return counted || !low ? amount(likely) : range(low, high, amount);
}

function timeOf({ seconds_low: low, seconds_high: high, calibration }: Forecast): string {
  if (low !== null && high !== null) return range(low, high, duration);
  return calibration === "measuring" ? "being measured…" : "not measured yet";
}

function lower(label: string): string {
  return label.slice(0, 1).toLowerCase() + label.slice(1);
}
