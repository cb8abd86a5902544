// How a chart is looked at: smoothed, on which axis, how far.
import type { ReactNode } from "react";
import { Button } from "@/ui/button";
import type { ChartView } from "./chart-view";

interface ChartControlsProps {
  view: ChartView;
  onView: (view: ChartView) => void;
  children?: ReactNode;
}

export function ChartControls({ view, onView, children }: ChartControlsProps) {
  return (
    <div className="flex flex-wrap items-center gap-x-5 gap-y-2">
      <label className="target flex items-center gap-2">
        Smoothing
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          className="w-28"
          value={view.smoothing}
          onChange={(event) => onView({ ...view, smoothing: Number(event.target.value) })}
        />
        <output className="w-8">{view.smoothing.toFixed(2)}</output>
      </label>
      <label className="target flex items-center gap-2">
        <input type="checkbox" className="size-4" checked={view.log} onChange={(event) => onView({ ...view, log: event.target.checked })} />
        Logarithmic
      </label>
      <label className="target flex items-center gap-2">
        Along
        <select
          className="input !w-auto"
          value={view.by}
          // The other axis has other units, in which the zoom would mean nothing.
          onChange={(event) => onView({ ...view, by: event.target.value === "time" ? "time" : "step", zoom: null })}
        >
          <option value="step">steps</option>
          <option value="time">time</option>
        </select>
      </label>
      <span className="flex flex-wrap items-center md:ml-auto">
        {view.zoom && (
          <Button look="quiet" icon="search" onClick={() => onView({ ...view, zoom: null })}>
            See all
          </Button>
        )}
        {children}
      </span>
    </div>
  );
}
