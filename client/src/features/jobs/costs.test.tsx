import { render, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import type { ForecastLine, Forecast } from "@/lib/wire";
import { forecast } from "@/test/forecast-sample";
import { job } from "@/test/samples";
import { Costs } from "./costs";
import { ForecastPanel } from "./forecast-panel";

const time: ForecastLine = { name: "seconds", title: "Time", low: 50, high: 70, actual: null, expected: null, currency: null, words: "" };

describe("forecast against actual", () => {
  it("shows what came beside what was said", () => {
    render(<Costs job={{ ...job, costs: [{ ...time, actual: 90, words: "29 % more than forecast." }] }} />);
    expect(screen.getByText("1 min 30 s", { normalizer: plain })).toBeInTheDocument();
    expect(screen.getAllByText("29 % more than forecast.")).not.toHaveLength(0);
  });

  it("shows what is expected now while the job runs", () => {
    render(<Costs job={{ ...job, costs: [{ ...time, expected: 65 }] }} />);
    expect(screen.getByRole("columnheader", { name: "Now expected" })).toBeInTheDocument();
  });

  it("is silent where nothing was foretold", () => {
    const { container } = render(<Costs job={{ ...job, costs: [{ ...time, low: null, high: null }] }} />);
    expect(container).toBeEmptyDOMElement();
  });
});

describe("a run that does not fit", () => {
  const tight: Forecast = {
    ...forecast,
    obstacle: {
      resource: "memory",
      needed_bytes: 4e9,
      there_bytes: 2e9,
      message: "This run needs at least 4.0 GB of memory.",
      change: { label: "A batch of 1 in 4 pieces", method: null, hyperparameters: { batch_size: 1, gradient_accumulation: 4 } },
    },
  };

  it("offers the largest setting that would", async () => {
    const onChange = vi.fn();
    render(<ForecastPanel forecast={tight} error={null} waiting={false} complete onChange={onChange} />);
    screen.getByRole("button", { name: "Use a batch of 1 in 4 pieces" }).click();
    expect(onChange).toHaveBeenCalledWith(tight.obstacle?.change);
    await Promise.resolve();
  });
});

function plain(text: string): string {
  return text.replaceAll("\u00a0", " ").trim();
}
