// The parts of a screen that has several, each with an address of its own.
import { Link } from "@tanstack/react-router";

export interface SectionPlace {
  to: "/settings/$section" | "/admin/$section";
  section: string;
  label: string;
}

/** `current` is the section that is shown, also where the address names none. */
export function SectionNav({ label, places, current }: { label: string; places: readonly SectionPlace[]; current: string }) {
  return (
    <nav aria-label={label} className="flex flex-wrap gap-x-1 border-b border-line">
      {places.map(({ to, section, label: name }) => (
        <Link
          key={section}
          to={to}
          params={{ section }}
          aria-current={section === current ? "page" : undefined}
          className={`target -mb-px inline-flex items-center border-b-2 px-3 font-medium hover:text-ink ${
            section === current ? "border-accent text-ink" : "border-transparent text-ink-soft"
          }`}
        >
          {name}
        </Link>
      ))}
    </nav>
  );
}
