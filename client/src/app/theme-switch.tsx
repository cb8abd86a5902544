import { setTheme, theme, type Theme } from "@/lib/theme";
import { useStore } from "@/lib/store";
import { Icon, type IconName } from "@/ui/icon";

const CHOICES: readonly { value: Theme; label: string; icon: IconName }[] = [
  { value: "light", label: "Light theme", icon: "sun" },
  { value: "dark", label: "Dark theme", icon: "moon" },
  { value: "system", label: "The system's theme", icon: "screen" },
];

/** Light, dark, or as the system has it. */
export function ThemeSwitch() {
  const chosen = useStore(theme);
  return (
    <div role="group" aria-label="Theme" className="grid grid-cols-3 rounded-md border border-line bg-sunken p-0.5">
      {CHOICES.map(({ value, label, icon }) => (
        <button
          key={value}
          type="button"
          title={label}
          aria-label={label}
          aria-pressed={chosen === value}
          onClick={() => setTheme(value)}
          className="grid min-h-11 place-items-center rounded text-ink-soft hover:text-ink aria-pressed:bg-card aria-pressed:text-ink aria-pressed:shadow-sm md:min-h-8"
        >
          <Icon name={icon} />
        </button>
      ))}
    </div>
  );
}
