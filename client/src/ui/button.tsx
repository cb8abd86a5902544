// Buttons, and links that look like them. One primary action a screen.
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, Ref } from "react";
import { Icon, type IconName } from "@/ui/icon";

type Look = "primary" | "plain" | "quiet" | "danger";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-ink-on-accent hover:bg-accent-strong border-transparent",
  plain: "bg-card text-ink border-line-strong hover:bg-hover",
  quiet: "bg-transparent text-ink-soft border-transparent hover:bg-hover hover:text-ink",
  danger: "bg-card text-bad border-line-strong hover:bg-bad-soft",
};

function lookOf(look: Look, className = ""): string {
  return `target inline-flex items-center justify-center gap-2 rounded-md border px-3 font-medium whitespace-nowrap disabled:opacity-60 ${LOOKS[look]} ${className}`;
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  icon?: IconName;
  /** Work is going on: the button says so and takes no second press. */
  busy?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ look = "plain", icon, busy = false, className, children, type = "button", onClick, ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={lookOf(look, className)}
      {...rest}
      aria-disabled={busy || rest["aria-disabled"] || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {busy ? <Wheel /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A button that is only an icon; `label` is its name and its tooltip. */
export function IconButton({ label, icon, ...rest }: ButtonProps & { label: string; icon: IconName }) {
  return <Button look="quiet" aria-label={label} title={label} icon={icon} {...rest} className={`min-w-11 md:min-w-9 !px-2 ${rest.className ?? ""}`} />;
}

function IconAnchor({ label, icon, className = "", ...rest }: LinkButtonProps & { label: string }) {
  return (
    <a aria-label={label} title={label} className={lookOf("quiet", `min-w-11 md:min-w-9 !px-2 ${className}`)} {...rest}>
      {icon && <Icon name={icon} />}
    </a>
  );
}

interface LinkButtonProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  look?: Look;
  icon?: IconName;
  ref?: Ref<HTMLAnchorElement>;
}

function LinkButtonAnchor({ look = "plain", icon, className, children, ...rest }: LinkButtonProps) {
  return (
    <a className={lookOf(look, className)} {...rest}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  );
}

export const LinkButton = createLink(LinkButtonAnchor);

/** A link that is only an icon; `label` is its name and its tooltip. */
export const IconLink = createLink(IconAnchor);

function TextAnchor({ className = "", ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { ref?: Ref<HTMLAnchorElement> }) {
  return <a className={`link ${className}`} {...rest} />;
}

/** A link within text. */
export const TextLink = createLink(TextAnchor);

function AsideAnchor({ className = "", ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { ref?: Ref<HTMLAnchorElement> }) {
  return <a className={`link target inline-flex items-center ${className}`} {...rest} />;
}

/** A link that stands alone, large enough for a thumb. */
export const AsideLink = createLink(AsideAnchor);

function Wheel() {
  return <span className="size-4 appear-late"><span className="block size-4 animate-spin rounded-full border-2 border-current border-t-transparent" /></span>;
}
