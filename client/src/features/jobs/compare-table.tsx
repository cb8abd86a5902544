// Runs beside each other in words and numbers: how each ended, and only the settings in which they differ.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { count, duration, loss } from "@/lib/format";
import { differencesOf, outcomeOf, type ComparedRun } from "./comparison";
import { Stroke } from "./compare-chart";
import { StateBadge } from "./state-badge";

export function CompareTable({ runs }: { runs: readonly ComparedRun[] }) {
  const { differing, numSame } = differencesOf(runs);
  const outcomes = runs.map(outcomeOf);
  const lowest = Math.min(...outcomes.map(({ bestValidationLoss }) => bestValidationLoss ?? Infinity));
  return (
    <div className="card overflow-x-auto" tabIndex={0} role="region" aria-label="Runs beside each other">
      <table className="w-full text-left">
        <thead className="border-b border-line align-bottom">
          <tr>
            <th scope="col" className="sticky left-0 z-10 bg-card px-4 py-2 text-xs font-medium text-ink-soft">
              <span className="sr-only">What</span>
            </th>
            {runs.map(({ job }, index) => (
              <th key={job.id} scope="col" className="min-w-36 px-4 py-2 font-medium">
                <Stroke index={index} />
                <Link to="/jobs/$jobId" params={{ jobId: job.id }} className="link target inline-flex items-center break-words">
                  {job.name}
                </Link>
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          <Row name="State" cells={runs.map(({ job }) => <StateBadge key={job.id} job={job} />)} />
          <Row
            name="Best validation loss"
            cells={outcomes.map(({ bestValidationLoss: best, bestStep }) =>
              best === null ? (
                "–"
              ) : (
                <span key={bestStep}>
                  <span className={best === lowest && runs.length > 1 ? "font-semibold text-good" : ""}>{loss(best)}</span>
                  {best === lowest && runs.length > 1 && <span className="text-good"> lowest</span>}
                  <span className="block text-xs text-ink-soft">at step {count(bestStep ?? 0)}</span>
                </span>
              ),
            )}
          />
          <Row name="Last training loss" cells={outcomes.map(({ trainingLoss }) => loss(trainingLoss))} />
          <Row name="Steps" cells={outcomes.map(({ lastStep }) => (lastStep === null ? "–" : count(lastStep)))} />
          <Row name="Time of training" cells={outcomes.map(({ seconds }) => (seconds === null ? "–" : duration(seconds)))} />
          {differing.map(({ name, values }) => (
            <Row key={name} name={name} cells={values} />
          ))}
        </tbody>
      </table>
      <p className="sticky left-0 border-t border-line px-4 py-2 text-xs text-ink-soft">
        {differing.length === 0 ? "Their settings are all the same." : `${count(numSame)} more settings are the same in all of them.`}
      </p>
    </div>
  );
}

function Row({ name, cells }: { name: string; cells: readonly ReactNode[] }) {
  return (
    <tr>
      <th scope="row" className="sticky left-0 z-10 bg-card px-4 py-2 text-xs font-medium text-ink-soft">
        {name}
      </th>
      {cells.map((cell, index) => (
        <td key={index} className="px-4 py-2 align-top">
          {cell}
        </td>
      ))}
    </tr>
  );
}
