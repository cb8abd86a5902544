// Taking a model away: each form with its button, how it is run, and how well llama.cpp agreed with the trainer.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getExportLink } from "@/lib/api/models";
import { downloadFrom } from "@/lib/download";
import { messageOf } from "@/lib/errors";
import { bytes, percent } from "@/lib/format";
import type { ModelExport } from "@/lib/wire";
import { Button } from "@/ui/button";
import { Failed } from "@/ui/notices";
import { Section } from "@/ui/page";
import { toast } from "@/ui/toasts";
import { exportsQuery, useMakeExport } from "./queries";

type Format = ModelExport["format"];
type Report = NonNullable<ModelExport["report"]>;

const NAMES: Record<Format, { title: string; says: string }> = {
  safetensors: { title: "Safetensors", says: "The whole model, for transformers and vLLM." },
  adapter: { title: "LoRA adapter", says: "What was learned alone, to be put on its base." },
  "gguf-f32": { title: "GGUF, f32", says: "For Ollama and llama.cpp, exactly as trained." },
  "gguf-f16": { title: "GGUF, f16", says: "For Ollama and llama.cpp: half the size, all but the same." },
  "gguf-q8_0": { title: "GGUF, Q8_0", says: "For Ollama and llama.cpp: a quarter of the size, the fastest." },
};

export function Exports({ modelId }: { modelId: string }) {
  const { data, error, refetch } = useQuery(exportsQuery(modelId));
  return (
    <Section title="Take it away">
      {!data && error && <Failed what="The forms of this model" error={error} onRetry={() => void refetch()} />}
      {data && (
        <ul className="card divide-y divide-line overflow-hidden">
          {data.data.map((one) => (
            <Form key={one.format} one={one} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Form({ one }: { one: ModelExport }) {
  const { title, says } = NAMES[one.format];
  return (
    <li className="grid gap-x-4 gap-y-2 px-4 py-3 sm:grid-cols-[minmax(0,1fr)_auto] sm:items-start">
      <div className="grid min-w-0 gap-1">
        <p>
          <span className="font-medium">{title}</span>
          {one.state === "ready" && <span className="text-xs text-ink-soft"> {bytes(one.size_bytes)}</span>}
        </p>
        <p className="text-xs text-ink-soft">{says}</p>
        <div aria-live="polite" className="grid gap-1">
          {one.state === "failed" && <p className="text-bad">It is not given out: {one.reason}</p>}
          {one.report && <Check report={one.report} />}
        </div>
        {one.state === "ready" && <p className="text-xs break-words text-ink-soft">{one.how}</p>}
      </div>
      <Press one={one} title={title} />
    </li>
  );
}

function Press({ one, title }: { one: ModelExport; title: string }) {
  const make = useMakeExport(one.model);
  const [linking, setLinking] = useState(false);

  async function download() {
    setLinking(true);
    try {
      downloadFrom((await getExportLink(one.model, one.format)).url);
      toast(`The download has started (${bytes(one.size_bytes)}).`);
    } catch (error) {
      toast(messageOf(error), "failed");
    } finally {
      setLinking(false);
    }
  }

  if (one.state === "ready") {
    return (
      <Button icon="download" busy={linking} aria-label={`Download ${title}`} onClick={() => void download()}>
        Download
      </Button>
    );
  }
  const making = one.state === "waiting" || one.state === "running" || make.isPending;
  const says = making ? "Making and checking…" : one.state === "failed" ? "Try again" : "Make it";
  return (
    <Button
      busy={making}
      aria-label={`${says} ${title}`}
      onClick={() => make.mutate(one.format, { onError: (error) => toast(messageOf(error), "failed") })}
    >
      {says}
    </Button>
  );
}

/** What llama.cpp, which ran the file, said beside the trainer. */
function Check({ report }: { report: Report }) {
  if (report.num_positions === 0) return null;
  return (
    <p className="text-xs text-ink-soft">
      Run by llama.cpp and compared with the trainer: the same likeliest token at {percent(report.agreement)} of {report.num_positions} places,{" "}
      {report.num_identical} of {report.num_prompts} answers the same to the end, perplexity {report.perplexity.toFixed(2)} (trainer{" "}
      {report.perplexity_trainer.toFixed(2)}), {report.num_texts_same_tokens} of {report.num_texts} texts cut alike.
    </p>
  );
}
