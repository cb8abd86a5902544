// The forecast beside the form: how much, how long, how large.
import { messageOf } from "@/lib/errors";
import { amount, bytes, count, duration, methodName } from "@/lib/format";
import type { Forecast } from "@/lib/wire";
import { Facts } from "@/ui/text";

interface ForecastPanelProps {
  forecast: Forecast | undefined;
  error: unknown;
  /** Something was asked for and has not come yet. */
  waiting: boolean;
  complete: boolean;
}

export function ForecastPanel({ forecast, error, waiting, complete }: ForecastPanelProps) {
  return (
    <section aria-label="Forecast" className="card grid gap-3 p-4 lg:sticky lg:top-8">
      <h2>Forecast</h2>
      {!complete ? (
        <p className="text-ink-soft">Choose a document and a base model, and this says what the job would take.</p>
      ) : error ? (
        <p className="text-bad">{messageOf(error)}</p>
      ) : forecast ? (
        <div className={`grid gap-3 ${waiting ? "opacity-60" : ""}`} aria-busy={waiting}>
          <div>
            <p className="text-xs text-ink-soft">Time on this machine</p>
            <p className="text-lg font-semibold">{timeOf(forecast)}</p>
          </div>
          <Facts
            facts={[
              ["Steps", count(forecast.num_steps)],
              ["Examples", count(forecast.num_examples)],
              ["Tokens", amount(forecast.num_training_tokens)],
              ["Method", methodName(forecast.method, forecast.objective)],
              ["Memory", bytes(forecast.memory_bytes)],
              ["Disk", bytes(forecast.disk_bytes)],
            ]}
          />
          {forecast.basis && <p className="text-xs text-ink-soft">{forecast.basis}</p>}
        </div>
      ) : (
        <p className="text-ink-soft">Working it out…</p>
      )}
    </section>
  );
}

function timeOf({ seconds_low: low, seconds_high: high }: Forecast): string {
  if (low === null || high === null) return "no run measured yet";
  const [from, to] = [duration(low), duration(high)];
  return from === to ? from : `${from} to ${to}`;
}
