// The call that "Try it" makes, as code for other programs: OpenAI's own clients and curl, with another address.
import { bodyOf, pathOf, type TextAsked } from "@/lib/api/texts";

export const LANGUAGES = ["Python", "curl", "Node.js"] as const;
export type Language = (typeof LANGUAGES)[number];

/** `address` is this installation's, without a path. The key is made in the settings. */
export function callSnippet(language: Language, asked: TextAsked, address: string): string {
  switch (language) {
    case "Python":
      return python(asked, address);
    case "curl":
      return curl(asked, address);
    case "Node.js":
      return node(asked, address);
  }
}

function python(asked: TextAsked, address: string): string {
  const settings = Object.entries(bodyOf(asked)).map(([name, value]) => `    ${name}=${literal(value)},`);
  return `from openai import OpenAI

client = OpenAI(base_url="${address}/v1", api_key="sk-...")  # a key from the settings
stream = client.${method(asked)}.create(
${settings.join("\n")}
    stream=True,
)
for chunk in stream:
    print(chunk.choices[0].${asked.chat ? "delta.content" : "text"} or "", end="", flush=True)`;
}

function node(asked: TextAsked, address: string): string {
  const settings = Object.entries(bodyOf(asked)).map(([name, value]) => `  ${name}: ${JSON.stringify(value)},`);
  return `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${address}/v1", apiKey: "sk-..." }); // a key from the settings
const stream = await client.${method(asked)}.create({
${settings.join("\n")}
  stream: true,
});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0].${asked.chat ? "delta.content" : "text"} ?? "");
}`;
}

function curl(asked: TextAsked, address: string): string {
  return `curl ${address}${pathOf(asked)} \\
  -H "Authorization: Bearer sk-..." \\
  -H "Content-Type: application/json" \\
  -d ${quoted(JSON.stringify(bodyOf(asked), null, 2))}`;
}

function method({ chat }: TextAsked): string {
  return chat ? "chat.completions" : "completions";
}

/** JSON's texts, numbers, lists and objects are Python's as well; there is nothing else in a body. */
function literal(value: unknown): string {
  return JSON.stringify(value);
}

/** One word for a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
