// The columns of tabular data with what they first hold, and the part that each plays.
import type { Document } from "@/lib/wire";
import { Badge } from "@/ui/text";
import { ROLES } from "./reading-words";

export function ColumnsTable({ document: { columns, mapping } }: { document: Document }) {
  return (
    <div className="card max-h-96 overflow-auto" tabIndex={0} role="region" aria-label="Columns">
      <table className="w-full text-left">
        <thead className="border-b border-line text-xs text-ink-soft">
          <tr>
            <th className="px-4 py-2 font-medium">Column</th>
            <th className="px-4 py-2 font-medium">For example</th>
            <th className="px-4 py-2 font-medium">Part</th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {columns.map(({ name, example }) => (
            <tr key={name}>
              <th scope="row" className="px-4 py-2 align-top min-w-24 font-mono text-xs font-normal break-words">
                {name}
              </th>
              <td className="px-4 py-2 align-top break-words">{example === "" ? <span className="text-ink-soft">empty</span> : example}</td>
              <td className="px-4 py-2 align-top">
                <PartOf name={name} mapping={mapping} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function PartOf({ name, mapping }: { name: string; mapping: Document["mapping"] }) {
  const roles = mapping === null ? [] : ROLES[mapping.shape].filter(({ role }) => mapping.columns[role] === name);
  if (roles.length === 0) return <span className="text-ink-soft">–</span>;
  return (
    <span className="flex flex-wrap gap-1">
      {roles.map(({ role, label }) => (
        <Badge key={role} tone="accent">
          {label}
        </Badge>
      ))}
    </span>
  );
}
