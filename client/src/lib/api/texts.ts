// Text from a model, as it is written. The same calls that other people's programs make (the page's snippets show them).
import { request } from "@/lib/api/request";
import { ConnectionError, RequestError } from "@/lib/errors";
import { createEventParser } from "@/lib/events/parser";

export interface TextAsked {
  model: string;
  prompt: string;
  /** Whether the prompt is a message to answer, or a beginning to continue. */
  chat: boolean;
  maxTokens: number;
  temperature: number;
  topP: number;
  seed: number;
}

export interface TextEnd {
  numTokens: number;
  /** The limit of tokens ended it, not the model. */
  cut: boolean;
}

interface Chunk {
  choices: { text?: string; delta?: { content?: string | null }; finish_reason: string | null }[];
  usage?: { completion_tokens: number } | null;
  error?: { message: string };
}

/** What stands in the body of the call, in the order in which a person reads it. */
export function bodyOf({ model, prompt, chat, maxTokens, temperature, topP, seed }: TextAsked) {
  const what = chat ? { messages: [{ role: "user", content: prompt }] } : { prompt };
  return { model, ...what, max_tokens: maxTokens, temperature, top_p: topP, seed };
}

export function pathOf({ chat }: Pick<TextAsked, "chat">): string {
  return chat ? "/v1/chat/completions" : "/v1/completions";
}

/** Calls `onText` with each piece. Throws ApiError, ConnectionError (also when the line is cut in the middle), or the signal's AbortError. */
export async function streamText(asked: TextAsked, onText: (piece: string) => void, signal: AbortSignal): Promise<TextEnd> {
  const body = { ...bodyOf(asked), stream: true, stream_options: { include_usage: true } };
  const parser = createEventParser();
  const end: TextEnd = { numTokens: 0, cut: false };
  const stream = await request<AsyncGenerator<string>>(pathOf(asked), { method: "POST", body, signal, as: "stream" });
  try {
    for await (const text of stream) {
      for (const { data } of parser.push(text)) {
        if (data === "[DONE]") return end;
        take(JSON.parse(data) as Chunk, end, onText);
      }
    }
  } catch (error) {
    throw signal.aborted || error instanceof RequestError ? error : new ConnectionError();
  }
  throw new ConnectionError();
}

function take({ choices, usage, error }: Chunk, end: TextEnd, onText: (piece: string) => void): void {
  if (error) throw new RequestError(error.message); // The model's program failed after it began.
  for (const { text, delta, finish_reason } of choices) {
    const piece = text ?? delta?.content;
    if (piece) onText(piece);
    if (finish_reason === "length") end.cut = true;
  }
  if (usage) end.numTokens = usage.completion_tokens;
}
