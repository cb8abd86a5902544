// The words for what a report concludes about a job, and for the forms that a report can have.
import type { Conclusion, ReportFormat } from "@/lib/wire";
import type { IconName } from "@/ui/icon";
import type { Tone } from "@/ui/text";

export const OUTCOMES: Record<Conclusion["outcome"], { word: string; tone: Tone; icon: IconName }> = {
  improved: { word: "Improved", tone: "good", icon: "up" },
  no_change: { word: "No change", tone: "neutral", icon: "equal" },
  regressed: { word: "Regressed", tone: "bad", icon: "down" },
  not_tested: { word: "Not tested", tone: "warn", icon: "info" },
  not_trained: { word: "Not trained", tone: "bad", icon: "alert" },
};

export const FORMATS: readonly { format: ReportFormat; name: string; goodFor: string }[] = [
  { format: "html", name: "HTML", goodFor: "One file that opens in any browser, also without a network." },
  { format: "pdf", name: "PDF", goodFor: "To print or to attach." },
  { format: "markdown", name: "Markdown", goodFor: "For a wiki or a repository." },
  { format: "json", name: "JSON", goodFor: "Everything for programs; scripts/reproduce runs the training again from it." },
  { format: "csv", name: "CSV", goodFor: "The test items as a table." },
];
