// Documents as a table, and as cards where there is no room for one.
import { Link } from "@tanstack/react-router";
import { bytes, count, counted } from "@/lib/format";
import type { Document } from "@/lib/wire";
import { Badge, TimeAgo } from "@/ui/text";

export function DocumentList({ documents }: { documents: readonly Document[] }) {
  return (
    <>
      <ul className="grid gap-2 md:hidden">
        {documents.map((document) => (
          <li key={document.id} className="card grid gap-1 p-3">
            <Name document={document} />
            <p className="text-ink-soft">
              {document.format.toUpperCase()}, {counted(document.num_examples, "example")}, {bytes(document.size_bytes)}
            </p>
            <p className="text-xs text-ink-soft">
              <TimeAgo at={document.created_at} />
            </p>
          </li>
        ))}
      </ul>
      <div className="card hidden overflow-x-auto md:block">
        <table className="w-full text-left">
          <thead className="border-b border-line text-xs text-ink-soft">
            <tr>
              <th className="px-4 py-2 font-medium">Name</th>
              <th className="px-4 py-2 font-medium">Format</th>
              <th className="px-4 py-2 text-right font-medium">Examples</th>
              <th className="px-4 py-2 text-right font-medium">Size</th>
              <th className="px-4 py-2 font-medium">Added</th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {documents.map((document) => (
              <tr key={document.id} className="hover:bg-hover">
                <td className="max-w-96 px-4">
                  <Name document={document} />
                </td>
                <td className="px-4">{document.format.toUpperCase()}</td>
                <td className="px-4 text-right">{count(document.num_examples)}</td>
                <td className="px-4 text-right">{bytes(document.size_bytes)}</td>
                <td className="px-4 whitespace-nowrap text-ink-soft">
                  <TimeAgo at={document.created_at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Name({ document }: { document: Document }) {
  return (
    <span className="flex flex-wrap items-center gap-2">
      <Link to="/documents/$documentId" params={{ documentId: document.id }} className="target inline-flex items-center font-medium break-all hover:underline">
        {document.name}
      </Link>
      {document.status === "needs_mapping" && (
        <Badge tone="warn" icon="alert">
          columns to choose
        </Badge>
      )}
      {document.num_problems > 0 && (
        <Badge tone="warn" icon="alert">
          {counted(document.num_problems, "problem")}
        </Badge>
      )}
    </span>
  );
}
