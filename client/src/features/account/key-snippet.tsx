// How a program uses a key. The key itself is left to the environment, so that the snippet can be passed on.
import { CopyButton } from "@/ui/text";

export function KeySnippet() {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <p className="text-ink-soft">
        Keep the key in the environment variable <code className="font-mono text-xs">LLM_TUNER_KEY</code> and send it as a bearer token:
      </p>
      <Snippet name="curl" code={curl(window.location.origin)} />
      <Snippet name="Python" code={python(window.location.origin)} />
    </div>
  );
}

function Snippet({ name, code }: { name: string; code: string }) {
  return (
    <figure className="grid grid-cols-[minmax(0,1fr)] gap-1">
      <figcaption className="flex flex-wrap items-center justify-between gap-2 font-medium">
        {name}
        <CopyButton text={code} label={`Copy the ${name} code`} />
      </figcaption>
      <pre tabIndex={0} className="overflow-x-auto rounded-md bg-sunken p-3 font-mono text-xs leading-relaxed">
        {code}
      </pre>
    </figure>
  );
}

function curl(origin: string): string {
  return `curl -H "Authorization: Bearer $LLM_TUNER_KEY" ${origin}/api/jobs`;
}

function python(origin: string): string {
  return `import os, httpx

client = httpx.Client(base_url="${origin}/api", headers={"Authorization": f"Bearer {os.environ['LLM_TUNER_KEY']}"})
for job in client.get("/jobs").raise_for_status().json()["data"]:
    print(job["id"], job["state"], job["name"])`;
}
