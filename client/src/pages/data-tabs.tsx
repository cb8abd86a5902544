import { Link } from "@tanstack/react-router";

const TABS = [
  { to: "/documents", label: "Documents" },
  { to: "/datasets", label: "Datasets" },
] as const;

/** The two sides of the data: single documents, and what is made of them. */
export function DataTabs() {
  return (
    <nav aria-label="Data" className="flex gap-1 border-b border-line">
      {TABS.map(({ to, label }) => (
        <Link
          key={to}
          to={to}
          className="target -mb-px inline-flex items-center border-b-2 border-transparent px-3 font-medium text-ink-soft hover:text-ink"
          activeProps={{ className: "!border-accent !text-ink" }}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
